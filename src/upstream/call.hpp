#pragma once
// One request to an upstream and its answer, streamed both ways with back-pressure. In: a
// ServerExchange whose request chain has run. Out: the answer's head in exchange.response(), then
// its body on the client's connection.

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/head_parser.hpp"
#include "http/server_exchange.hpp"
#include "net/resolver.hpp"
#include "upstream/credential.hpp"
#include "upstream/pool.hpp"

namespace tykpp::upstream {

class GzipDecoder;

/// What the pipeline decided about a call. Views live as long as the exchange.
struct CallOptions {
  const std::shared_ptr<const Endpoint>* endpoint = nullptr;
  /// An endpoint that nobody else keeps, in place of the one above.
  std::shared_ptr<const Endpoint> own_endpoint;
  std::string_view method;  ///< for the upstream; empty: the request's
  std::string_view target;  ///< request target for the upstream
  std::string_view host;    ///< Host header for the upstream
  /// Who the gateway is to the upstream; null: nobody. It is written on the wire alone: whatever
  /// looks at the request later does not see it.
  const Credential* credential = nullptr;
  std::chrono::milliseconds header_timeout{
      30000};  ///< connect, and again until the answer's head is there
  std::optional<std::chrono::milliseconds> total_timeout;  ///< the whole round trip with the body
  bool upgrade = false;                                    ///< pass an `Upgrade: websocket` on
  bool hides_client = false;                               ///< no `X-Forwarded-For` of ours
  bool close = false;  ///< one request a connection (proxy_close_connections)
  std::size_t max_head_bytes = 1024 * 1024;
  std::chrono::milliseconds body_idle_timeout{600000};  ///< between two pieces of the answer's body
};

/// Thread: the exchange's worker. Must be finished by send() or destroyed after release().
class Call {
 public:
  Call(http::ServerExchange& exchange, Pool& pool, net::Resolver& resolver,
       const CallOptions& options);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// Sends the request and waits for the answer's head. Interim answers (1xx) go to the client on
  /// the way.
  /// @error what the client gets: 500 or 504 with the reference's texts; kClientGone when it left
  net::Task<Result<void>> start();
  /// Reads the whole body, decoded, into response().body(). @error kBodyTooLarge above `limit`, or
  /// as start()
  net::Task<Result<void>> bufferBody(std::size_t limit);
  /// What send() sends of the body goes there, too. @param tap  outlives send()
  void tapAnswer(http::BodyTap& tap) noexcept { tap_ = &tap; }
  /// Sends response() and the body, buffered or streaming. @param extra  complete header lines to
  /// add
  net::Task<void> send(std::string_view extra);
  /// Ends an upload that is still under way and gives the connection up. Awaited before destruction
  /// when send() was not.
  net::Task<void> release();

 private:
  /// Copies the answer's fields out of the memory that its body is read into.
  void moveHeadToArena();
  struct Piece {
    std::string_view bytes;
    bool last = false;
  };
  net::Task<Result<void>> attempt(bool fresh);
  net::Task<Result<void>> connect();
  /// TLS on a new connection, before a byte of the request goes out.
  net::Task<Result<void>> secure();
  net::Task<Result<void>> sendRequest();
  net::Task<Result<void>> readAnswer();
  net::Task<Result<void>> readHead(std::size_t& size);
  net::Task<bool> passInterim();
  std::string_view renderRequest() const;
  std::string_view method() const noexcept {
    return options_.method.empty() ? exchange_.request().method : options_.method;
  }
  bool replayable() const;
  bool decodesGzip() const;
  net::Detached upload();
  net::Task<bool> writeUpload(std::string_view piece, bool last);
  net::Task<Result<Piece>> nextPiece();
  net::Task<Result<Piece>> nextPlainPiece();
  net::Task<bool> stream(std::string_view head, bool chunked);
  net::Task<bool> splice();
  bool cut();
  net::Task<void> tunnel(std::string_view extra);
  net::Detached tunnelUp();
  net::Task<bool> sendPiece(std::string_view head, Piece piece, bool chunked);
  void finishConnection(bool whole);
  static void onDeadline(net::Deadline&, void* self);
  Error failure(Errc code) const;
  Error ioFailure(const net::IoResult& result) const;
  void armPhase(std::chrono::milliseconds timeout);

  http::ServerExchange& sx_;
  http::Exchange& exchange_;
  Pool& pool_;
  net::Resolver& resolver_;
  CallOptions options_;
  std::unique_ptr<Connection> connection_;
  std::optional<Clock::time_point> ends_at_;  // with total_timeout
  net::Resolver::Lookup* lookup_ = nullptr;
  net::Deadline lookup_deadline_;
  http::ResponseFraming framing_;
  http::ChunkDecoder chunks_;
  std::unique_ptr<GzipDecoder> gzip_;
  std::unique_ptr<char[]> large_;
  std::unique_ptr<char[]> unpacked_;
  std::string_view raw_;  // gzip input that is not decoded yet
  bool raw_last_ = false;
  std::uint64_t body_left_ = 0;
  bool request_chunked_ = false;
  bool body_streams_ = false;  // the request's body comes from the client while we send
  std::string_view first_piece_;
  bool answered_ = false;  // a byte of the answer was seen
  bool client_gone_ = false;
  bool answer_done_ = false;
  Clock::time_point began_;  // of the first attempt
  http::BodyTap* tap_ = nullptr;
  // The upload beside the answer.
  bool uploading_ = false;
  bool upload_discards_ = false;
  bool upload_failed_ = false;
  std::optional<Error> upload_error_;
  std::coroutine_handle<> upload_waiter_;
};

}  // namespace tykpp::upstream
