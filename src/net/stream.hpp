#pragma once
// Bytes in and out of a socket, plain or TLS (either side). Awaited in place: no coroutine frame an
// operation.

#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/socket.hpp"
#include "net/task.hpp"

namespace tykpp::net {

class TlsAcceptor;
struct ClientIdentity;
struct PeerCertificates;
struct TlsFacts;

struct SslDeleter {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};

/// Thread: its loop's. One reader and one writer at a time.
class Stream {
 public:
  explicit Stream(Loop& loop) noexcept : socket_(loop) {}

  Socket& socket() noexcept { return socket_; }
  const Socket& socket() const noexcept { return socket_; }
  bool tls() const noexcept { return ssl_ != nullptr; }

  class Read;
  class Write;
  /// Reads at least one byte. kEof: the peer sent its end. A TLS peer that breaks off without
  /// close_notify is an error: a body that ends with the connection may be cut.
  Read read(char* data, std::size_t size) noexcept;
  /// Writes everything. The pieces are adjusted in place and must live until the await is over.
  Write write(std::span<iovec> pieces) noexcept;

  /// Connects. @error kConnectFailed with errno as text; that of the socket's cancellation
  Task<Result<void>> connect(const sockaddr* address, socklen_t size);
  /// TLS handshake as a client. `context` outlives the stream, `host` the call.
  /// @param verify  the certificate must be good for `host` @param identity  null: the context's
  Task<Result<void>> handshake(SSL_CTX* context, const std::string& host, bool verify,
                               const ClientIdentity* identity = nullptr);
  /// SHA-256 in hex of the key of handshake()'s server, and of those it was checked through.
  std::vector<std::string> peerKeys() const;
  /// Whether the handshake agreed on this application protocol (ALPN).
  bool negotiated(std::string_view protocol) const noexcept;
  /// TLS handshake as a server. `acceptor` outlives the call.
  /// @error kBadRequest: the client speaks plain HTTP, and so does the stream from now on;
  /// kTlsFailed with the reason; that of the cancellation
  Task<Result<void>> accept(const TlsAcceptor& acceptor);
  /// What the client of accept() showed; null when that is nothing.
  std::shared_ptr<const PeerCertificates> peerCertificates() const;
  /// Of a connection whose handshake is over.
  TlsFacts tlsFacts() const;
  /// Whether TLS holds bytes, or an end, that a read would find without the socket. A reader that
  /// waits for the socket alone has to ask first.
  bool inputPending() noexcept { return ssl_ != nullptr && tlsInputPending(); }
  /// Tells the other side that nothing more comes: under TLS that makes the difference to a
  /// connection that was cut. Waits for nothing.
  void sayEnd() noexcept;
  /// The same, and shuts down the sending direction.
  void endSending() noexcept {
    sayEnd();
    socket_.shutdownSend();
  }
  void close() noexcept {
    ssl_.reset();
    socket_.close();
  }

  /// One attempt. @return kOk with the bytes, or nothing yet (would_block) @thread the loop's
  IoResult tryRead(char* data, std::size_t size, bool& would_block) noexcept;
  IoResult tryWrite(std::span<const iovec> pieces, bool& would_block) noexcept;

 private:
  IoResult sslResult(int code, bool& would_block) noexcept;
  IoResult tryWriteTls(std::span<const iovec> pieces, bool& would_block) noexcept;
  bool tlsInputPending() noexcept;
  bool attach(SSL* ssl) noexcept;
  Task<Result<void>> shakeHands(Side other);
  Socket socket_;
  std::unique_ptr<SSL, SslDeleter> ssl_;
};

/// Awaitable of Stream::read.
class Stream::Read : Waiter {
 public:
  Read(Stream& stream, char* data, std::size_t size) noexcept
      : stream_(stream), data_(data), size_(size) {
    attempt = [](Waiter& self) { return static_cast<Read&>(self).tryOnce(); };
  }
  bool await_ready() noexcept { return tryOnce(); }
  void await_suspend(std::coroutine_handle<> caller) noexcept {
    handle = caller;
    stream_.socket().waitRead(*this);
  }
  IoResult await_resume() const noexcept {
    return stream_.socket().cancelled() ? IoResult{IoStatus::kCancelled} : result_;
  }

 private:
  bool tryOnce() noexcept {
    if (stream_.socket().cancelled()) return true;
    if (!stream_.socket().readable() && !stream_.tls()) return false;
    bool would_block = false;
    result_ = stream_.tryRead(data_, size_, would_block);
    return !would_block;
  }
  Stream& stream_;
  char* data_;
  std::size_t size_;
  IoResult result_;
};

/// Awaitable of Stream::write.
class Stream::Write : Waiter {
 public:
  Write(Stream& stream, std::span<iovec> pieces) noexcept : stream_(stream), pieces_(pieces) {
    attempt = [](Waiter& self) { return static_cast<Write&>(self).tryOnce(); };
  }
  bool await_ready() noexcept { return tryOnce(); }
  void await_suspend(std::coroutine_handle<> caller) noexcept {
    handle = caller;
    stream_.socket().waitWrite(*this);
  }
  IoResult await_resume() const noexcept {
    return stream_.socket().cancelled() ? IoResult{IoStatus::kCancelled} : result_;
  }

 private:
  bool tryOnce() noexcept;
  Stream& stream_;
  std::span<iovec> pieces_;
  IoResult result_;
};

inline Stream::Read Stream::read(char* data, std::size_t size) noexcept {
  return {*this, data, size};
}
inline Stream::Write Stream::write(std::span<iovec> pieces) noexcept { return {*this, pieces}; }

}  // namespace tykpp::net
