#pragma once
// One hook call on its way to a Python thread and back: a copy of what the plugin may see, and what
// it answered. Python objects made for it share it, so that one that is kept past its hook goes on
// reading the copy.

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "drivers/coprocess/message.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::python {

struct Handler;

/// A stretch of Call::text.
struct Piece {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
};

struct HeaderPiece {
  Piece name, value;
};

struct Call {
  // What the plugin sees. Written by the worker before the call is queued, never afterwards.
  std::shared_ptr<const Handler> handler;
  Hook hook = Hook::kPre;
  std::uint32_t worker = 0;
  Clock::time_point deadline;
  std::string text;  // every short text, one behind the other
  Piece method, url, uri, scheme, query;
  std::vector<HeaderPiece> headers;  // of the request
  std::string body;
  int status = 0;                             // response hook
  std::vector<HeaderPiece> response_headers;  // response hook, every field in order
  std::string response_body;                  // response hook
  std::shared_ptr<const session::SessionState> session;
  std::string event;  // JSON text; not empty: the handler is one of events, nothing else is shown

  // What it answered. Written by the Python thread, read by the worker once the call came back.
  coprocess::RequestReply request_reply;
  coprocess::ResponseReply response_reply;
  std::optional<Error> error;

  /// Nobody waits any more: the client left or the deadline passed.
  std::atomic<bool> unwanted{false};

  // Of events: called on the worker when the call came back.
  std::function<void()> ended;

  // The worker's alone.
  std::coroutine_handle<> waiter;
  bool returned = false;    // the answer is there
  bool timed_out = false;   // the deadline was first
  Call* earlier = nullptr;  // in the worker's list of waiting calls
  Call* later = nullptr;
  struct Lane* lane = nullptr;  // whose list that is; null: in none

  std::string_view view(Piece piece) const noexcept { return {text.data() + piece.at, piece.size}; }
  /// What it keeps in memory, for the limit of the queue.
  std::size_t bytes() const noexcept {
    return text.size() + body.size() + response_body.size() + event.size();
  }
  /// Makes it as new, but keeps the memory of its texts.
  void reset();
};

/// Copies what a plugin may see. Thread: the worker.
void fillCall(Call& call, HookCall& from);

}  // namespace tykpp::drivers::python
