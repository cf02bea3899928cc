#include "net/stream.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace tykpp::net {
namespace {

/// Drops the first `bytes` of a list of pieces.
std::span<iovec> advance(std::span<iovec> pieces, std::size_t bytes) noexcept {
  while (!pieces.empty() && bytes >= pieces.front().iov_len) {
    bytes -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (!pieces.empty() && bytes > 0) {
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + bytes;
    pieces.front().iov_len -= bytes;
  }
  return pieces;
}

Error cancelledError(const Socket& socket, const char* what) {
  return Error(socket.cancelReason(), Side::kUpstream, 500, what);
}

std::string sslErrorText(SSL* ssl) {
  const long verify = SSL_get_verify_result(ssl);
  if (verify != X509_V_OK) return X509_verify_cert_error_string(verify);
  char text[160] = "connection closed during the handshake";
  if (const unsigned long code = ERR_peek_last_error(); code != 0) {
    ERR_error_string_n(code, text, sizeof text);
  }
  return text;
}

}  // namespace

IoResult Stream::tryRead(char* data, std::size_t size, bool& would_block) noexcept {
  if (ssl_) {
    const int wanted = static_cast<int>(std::min<std::size_t>(size, INT_MAX));
    ERR_clear_error();
    const int n = SSL_read(ssl_.get(), data, wanted);
    if (n > 0) return {IoStatus::kOk, static_cast<std::size_t>(n)};
    return sslResult(n, would_block);
  }
  for (;;) {
    const ssize_t n = ::recv(socket_.fd(), data, size, 0);
    if (n > 0) {
      // A short read has emptied the socket: the next bytes raise a new event. After the peer's end
      // the flag stays up.
      if (static_cast<std::size_t>(n) < size) socket_.readDrained();
      return {IoStatus::kOk, static_cast<std::size_t>(n)};
    }
    if (n == 0) return {IoStatus::kEof};
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      socket_.readDrained();
      would_block = true;
      return {};
    }
    return {IoStatus::kError, 0, errno};
  }
}

IoResult Stream::tryWrite(std::span<const iovec> pieces, bool& would_block) noexcept {
  if (ssl_) {
    const iovec& piece = pieces.front();
    const int size = static_cast<int>(std::min<std::size_t>(piece.iov_len, INT_MAX));
    if (size == 0) return {};
    ERR_clear_error();
    const int n = SSL_write(ssl_.get(), piece.iov_base, size);
    if (n > 0) return {IoStatus::kOk, static_cast<std::size_t>(n)};
    return sslResult(n, would_block);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = std::min<std::size_t>(pieces.size(), IOV_MAX);
  // Most writes have one piece that is not empty: the kernel then copies no message header in.
  const iovec* only = nullptr;
  bool single = true;
  for (const iovec& piece : pieces) {
    if (piece.iov_len == 0) continue;
    single = single && only == nullptr;
    only = &piece;
  }
  single = single && only != nullptr;
  for (;;) {
    const ssize_t n = single ? ::send(socket_.fd(), only->iov_base, only->iov_len, MSG_NOSIGNAL)
                             : ::sendmsg(socket_.fd(), &message, MSG_NOSIGNAL);
    if (n >= 0) return {IoStatus::kOk, static_cast<std::size_t>(n)};
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      socket_.writeBlocked();
      would_block = true;
      return {};
    }
    return {IoStatus::kError, 0, errno};
  }
}

IoResult Stream::sslResult(int code, bool& would_block) noexcept {
  switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_WANT_READ:
      socket_.readDrained();
      would_block = true;
      return {};
    case SSL_ERROR_WANT_WRITE:
      socket_.writeBlocked();
      would_block = true;
      return {};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::kEof};
    default:
      return {IoStatus::kError, 0, errno != 0 ? errno : EPROTO};
  }
}

bool Stream::negotiated(std::string_view protocol) const noexcept {
  if (!ssl_) return false;
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return std::string_view(reinterpret_cast<const char*>(name), size) == protocol;
}

bool Stream::Write::tryOnce() noexcept {
  while (!pieces_.empty()) {
    if (stream_.socket().cancelled()) return true;
    if (pieces_.front().iov_len == 0) {
      pieces_ = pieces_.subspan(1);
      continue;
    }
    bool would_block = false;
    result_ = stream_.tryWrite(pieces_, would_block);
    if (would_block) return false;
    if (!result_) return true;
    pieces_ = advance(pieces_, result_.bytes);
  }
  return true;
}

Task<Result<void>> Stream::connect(const sockaddr* address, socklen_t size) {
  if (::connect(socket_.fd(), address, size) != 0 && errno != EINPROGRESS) {
    co_return Error(Errc::kConnectFailed, Side::kUpstream, 500, std::strerror(errno));
  }
  Writable writable(socket_);
  co_await writable;
  if (socket_.cancelled()) co_return cancelledError(socket_, "connect was given up");
  int error = 0;
  socklen_t error_size = sizeof error;
  ::getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &error_size);
  if (error != 0) co_return Error(Errc::kConnectFailed, Side::kUpstream, 500, std::strerror(error));
  co_return Result<void>{};
}

Task<Result<void>> Stream::handshake(SSL_CTX* context, const std::string& host, bool verify) {
  ssl_.reset(SSL_new(context));
  if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.fd()) != 1) {
    co_return Error(Errc::kTlsFailed, Side::kGateway, 500, "out of memory for TLS");
  }
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
  SSL_set_connect_state(ssl_.get());
  unsigned char address[16];
  const bool numeric = ::inet_pton(AF_INET, host.c_str(), address) == 1 ||
                       ::inet_pton(AF_INET6, host.c_str(), address) == 1;
  if (!numeric) SSL_set_tlsext_host_name(ssl_.get(), host.c_str());  // RFC 6066: names only
  if (verify) {
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl_.get());
    const int set = numeric ? X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str())
                            : X509_VERIFY_PARAM_set1_host(param, host.c_str(), 0);
    if (set != 1) co_return Error(Errc::kTlsFailed, Side::kGateway, 500, "bad host name for TLS");
  }
  for (;;) {
    ERR_clear_error();
    const int code = SSL_do_handshake(ssl_.get());
    if (code == 1) co_return Result<void>{};
    const int reason = SSL_get_error(ssl_.get(), code);
    if (reason == SSL_ERROR_WANT_READ) {
      socket_.readDrained();
      // After the peer's end the flag stays up: reading again answers with the end.
      Readable readable(socket_);
      co_await readable;
    } else if (reason == SSL_ERROR_WANT_WRITE) {
      socket_.writeBlocked();
      Writable writable(socket_);
      co_await writable;
    } else {
      co_return Error(Errc::kTlsFailed, Side::kUpstream, 500, sslErrorText(ssl_.get()));
    }
    if (socket_.cancelled()) co_return cancelledError(socket_, "TLS handshake was given up");
  }
}

}  // namespace tykpp::net
