#pragma once
// Calls and replies as frames. The gateway writes a call from the exchange; the host reads it into
// an exchange of its own, whose texts are views into the frame. A reply has only what the hook
// changed; header fields it left as they were are numbers of fields the gateway has already.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "drivers/native/impl/call_host.hpp"
#include "drivers/native/isolated/frame.hpp"
#include "drivers/plugin_driver.hpp"
#include "http/exchange.hpp"
#include "net/peer_certificates.hpp"

namespace tykpp::drivers::native::isolated {

/// What stands at the front of each call.
struct CallHead {
  std::uint64_t id = 0;    ///< of the call, unique on its lane
  std::uint64_t hook = 0;  ///< number of the API's hook
};

/// Writes a call. Thread: the exchange's worker.
/// @param reads_body  the hook sees bodies
void writeCall(std::string& out, const CallHead& head, const HookCall& call, bool reads_body);
/// The head of a call's frame; what follows is for readCall. @return false when there is none
bool readHead(FrameReader& frame, CallHead& head);

/// A call in the host process. Its exchange is its own: a thread that runs it shares it with nobody
/// unless the plugin does.
struct ForeignCall : tykpp_call_host {
  /// @param bytes  the call's frame, without length and kind
  ForeignCall(std::string bytes, std::uint64_t request_id)
      : frame(std::move(bytes)), own(arena, 0, request_id) {}

  std::shared_ptr<CallEnd> lane;  ///< who `end` is: a plugin's thread may be the last to use it
  std::string frame;
  BlockPool pool{0};
  Arena arena{pool};
  http::Exchange own;
  TrafficRecord own_record;
  net::PeerCertificates certificates;  ///< what `own` points at: one text with all of them
  CallHead head;
  bool started = false;    ///< its hook was called; guarded by its lane
  bool cancelled = false;  ///< nobody waits for it; guarded by its lane
  bool parked = false;     ///< it deferred, and its hook has returned; guarded by its lane
  std::vector<http::HeaderField> sent_request, sent_response, sent_answer;  ///< as they came
};

/// Reads a call into an exchange. @return null when the frame is none
std::shared_ptr<ForeignCall> readCall(std::string_view frame);

/// How a call ended in the host.
enum class Outcome : std::uint8_t {
  kVerdict,
  kFailure,  ///< `reason` says why
  kGone,     ///< it was cancelled before
};

/// Writes a reply. Thread: the call's.
/// @param has_state  the host keeps state for the request
void writeReply(std::string& out, const ForeignCall& call, Outcome outcome, HookVerdict verdict,
                std::string_view reason, bool has_state);

/// What stands at the front of each reply.
struct ReplyHead {
  std::uint64_t id = 0;
  Outcome outcome = Outcome::kFailure;
  HookVerdict verdict = HookVerdict::kContinue;
  bool has_state = false;
  std::string_view reason;
};
/// @return false when it is malformed
bool readReplyHead(FrameReader& frame, ReplyHead& head);
/// Takes the rest of a reply, what the hook changed, over into the exchange. Thread: its worker.
/// @error kIo  the reply is malformed or asks for what no hook may do; part of it may have been
/// taken over
Result<void> applyReply(FrameReader& frame, HookCall& call);

}  // namespace tykpp::drivers::native::isolated
