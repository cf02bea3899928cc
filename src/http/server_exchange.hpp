#pragma once
// What a handler does with one request: read its body, answer it, or take its connection over.

#include <span>
#include <string>
#include <string_view>

#include "http/body_tap.hpp"
#include "http/chunk_decoder.hpp"
#include "http/exchange.hpp"
#include "http/read_buffer.hpp"
#include "http/server.hpp"

namespace tykpp::http {

/// Length of a response body as the client will learn it.
struct OutgoingFraming {
  BodyFraming body = BodyFraming::kNone;
  std::uint64_t length = 0;
  bool send_length =
      true;  ///< with kNone: whether to say `Content-Length` (HEAD and 304 repeat the upstream's)
};

/// Thread: the connection's worker. Lives from the complete head to the end of
/// RequestHandler::handle.
class ServerExchange {
 public:
  ServerExchange(ServerConnection& connection, net::Stream& client, ReadBuffer& input, Arena& arena,
                 Server& server, std::uint64_t request_id);

  Exchange& exchange() noexcept { return exchange_; }
  net::Stream& client() noexcept { return client_; }
  Server& server() noexcept { return server_; }
  std::uint16_t listenerPort() const noexcept;

  // --- the request's body ---
  /// Decides how the body will be read. Called once, after the head was parsed.
  void beginBody();
  bool bodyDone() const noexcept { return body_done_; }
  /// Decoded bytes that are in memory, empty when there are none; does not wait. View: until the
  /// next read.
  Result<std::string_view> takeBody();
  /// The next decoded piece, empty at the end. View: until the next read. Sends `100 Continue` when
  /// it is due.
  /// @error kBadRequest, kBodyUnreadable, kBodyTooLarge, kTimeout or kClientGone
  net::Task<Result<std::string_view>> readBody();
  /// Reads the whole body into request().body(). @error as readBody(); kBodyTooLarge (413) above
  /// `limit`
  net::Task<Result<void>> bufferBody(std::size_t limit);
  /// The answer is out or failed: what is left of the body is read for a moment only, to be thrown
  /// away.
  void hurryBody();
  /// No deadline on the client until the next read or write: for tunnels.
  void restDeadline();
  /// Whatever is read of the body from here on goes there, too. @param tap  outlives the exchange's
  /// reads
  void tapBody(BodyTap& tap) noexcept { tap_ = &tap; }
  /// Trailer lines of a chunked body that has ended.
  const std::string& trailers() const noexcept { return chunks_.trailers(); }

  // --- the answer ---
  /// Sends response() with response().body() as its body. @return false when the client is gone
  /// @param extra  complete header lines to add
  net::Task<bool> sendLocal(std::string_view extra = {});
  /// The response's head, ready to send, in the arena. Decides about keep-alive. Once per exchange.
  /// @param extra  complete header lines to add
  std::string_view renderHead(const OutgoingFraming& framing, std::string_view extra = {});
  /// An informational head (1xx), to be sent before the answer's.
  std::string_view renderInformational();
  /// The head of a 101 answer. @param lines  its Connection and Upgrade
  std::string_view renderUpgrade(std::string_view lines, std::string_view extra);
  /// Bytes went to the client by another way than write().
  void progressed();
  /// Writes pieces to the client within the write timeout. @return false when the client is gone
  net::Stream::Write write(std::span<iovec> pieces);
  bool headSent() const noexcept { return head_sent_; }
  /// The answer cannot be completed: the connection is cut, so that the client does not take it for
  /// whole.
  void abort() noexcept { aborted_ = true; }
  bool aborted() const noexcept { return aborted_; }
  void closeAfter() noexcept { exchange_.close_after = true; }
  bool headRequest() const noexcept { return exchange_.request().method == "HEAD"; }

  /// Called while nobody reads from the client when it leaves (or half-closes).
  void onClientGone(void (*callback)(void* owner), void* owner) noexcept {
    gone_ = callback;
    gone_owner_ = owner;
    if (gone_ != nullptr && client_.socket().peerClosed()) gone_(gone_owner_);
  }

  // --- for upgrades ---
  /// Bytes the client sent behind its request.
  ReadBuffer& input() noexcept { return input_; }
  /// The connection belongs to the handler from here on and is closed when handle() returns.
  void takeOver() noexcept {
    exchange_.close_after = true;
    body_done_ = true;
  }

 private:
  friend class ServerConnection;
  void moveOffHead();
  OutgoingFraming localFraming() const;
  Result<void> countBody(std::string_view bytes);
  ServerConnection& connection_;
  net::Stream& client_;
  ReadBuffer& input_;
  Server& server_;
  Exchange exchange_;
  ReadBuffer head_block_;  // holds the head's bytes once the body is read into other memory
  ChunkDecoder chunks_;
  std::uint64_t body_left_ = 0;   // with kLength
  std::uint64_t body_bytes_ = 0;  // decoded so far
  BodyTap* tap_ = nullptr;
  bool body_done_ = true;
  bool head_in_input_ = true;
  bool continue_due_ = false;
  bool hurried_ = false;
  bool head_sent_ = false;
  bool aborted_ = false;
  void (*gone_)(void*) = nullptr;
  void* gone_owner_ = nullptr;
};

}  // namespace tykpp::http
