#pragma once
// One request and its response on their way through the gateway, with what the rooms leave for each
// other. Made when a request head is complete, gone when the response is. Thread: its worker.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/arena.hpp"
#include "base/clock.hpp"
#include "http/message.hpp"

namespace tykpp::definition {
struct ApiSpec;
}
namespace tykpp::net {
struct PeerCertificates;
}
namespace tykpp::session {
class SessionEntry;
class SessionState;
}  // namespace tykpp::session

namespace tykpp::http {

struct AnswerCache;
struct RequestContext;
struct UpstreamChange;

/// Who is on the other end of the connection.
struct Peer {
  std::string_view address;  ///< textual IP without port
  std::uint16_t port = 0;
  bool tls = false;
  /// Of TLS connections (net/peer_certificates.hpp).
  std::string_view tls_version, tls_cipher, server_name;
};

/// Values of `X-RateLimit-Limit`, `-Remaining` and `-Reset` of an answer.
struct LimitNumbers {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::int64_t reset = 0;  ///< unix seconds
};

/// What the functions of one plugin hand each other from hook to hook.
struct PluginState {
  const void* owner;  ///< tells plugins apart; never followed
  std::shared_ptr<void> value;
};

class Exchange {
 public:
  Exchange(Arena& arena, std::uint32_t worker_index, std::uint64_t request_id)
      : error_headers(arena),
        answer_headers(arena),
        arena_(arena),
        request_(arena),
        response_(arena),
        worker_index_(worker_index),
        request_id_(request_id) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Arena& arena() noexcept { return arena_; }
  Request& request() noexcept { return request_; }
  const Request& request() const noexcept { return request_; }
  Response& response() noexcept { return response_; }
  const Response& response() const noexcept { return response_; }
  /// Index of the worker, for per-worker state of steps and plugins.
  std::uint32_t workerIndex() const noexcept { return worker_index_; }
  /// Unique within the process; on every log line about this request.
  std::uint64_t requestId() const noexcept { return request_id_; }

  Peer peer;
  /// What the client showed in its TLS handshake; null when that is nothing. Lives as long as the
  /// exchange.
  const net::PeerCertificates* peer_certificates = nullptr;
  Clock::time_point started;  ///< the head was complete
  std::chrono::microseconds upstream_time{
      0};                                    ///< until the head of the upstream's answer was there
  const definition::ApiSpec* api = nullptr;  ///< after routing; lives as long as the exchange
  std::string_view listen_path_match;  ///< the part of request().path that the listen path matched;
                                       ///< empty via /<api_id>/
  /// The version's name where it is a segment of the path behind the listen path and stays there;
  /// else empty.
  std::string_view version_in_path;
  std::shared_ptr<session::SessionState> session;  ///< set by an auth step; null on keyless APIs
  /// What `session` was made from: limits and access rights count on it. Null when it is null.
  std::shared_ptr<session::SessionEntry> session_entry;
  LimitNumbers limit_numbers;  ///< of the session, as the steps so far know them
  bool ignore_auth = false;    ///< the endpoint is on the ignore list
  bool close_after = false;    ///< the client connection ends with this response
  /// An answer that a plugin forced and that response hooks see as they see an upstream's.
  bool answer_passes_response_chain = false;
  Clock::time_point hook_started;  ///< when the hook that runs now was called
  /// Of a plugin's refusal: an error answer carries them beside its own.
  Headers error_headers;
  /// Asked for by request hooks: the client gets them with the answer, whoever makes it, before the
  /// answer's own.
  Headers answer_headers;
  /// The path that the request is recorded under in place of its own; empty: its own. Lives as long
  /// as the chain.
  std::string_view tracked_path;
  bool unrecorded = false;  ///< no traffic record is made of it
  /// What variables of the context are worth (http/request_context.hpp); in the arena. Null: nobody
  /// asks.
  RequestContext* context = nullptr;
  /// How the request that goes upstream differs from request() (http/upstream_change.hpp); in the
  /// arena. Null: not at all.
  UpstreamChange* upstream_change = nullptr;
  /// What the response cache has to do with it (http/answer_cache.hpp); in the arena. Null:
  /// nothing.
  AnswerCache* answer_cache = nullptr;
  /// What plugins keep with the request.
  std::vector<PluginState> plugin_states;

 private:
  Arena& arena_;
  Request request_;
  Response response_;
  std::uint32_t worker_index_;
  std::uint64_t request_id_;
};

}  // namespace tykpp::http
