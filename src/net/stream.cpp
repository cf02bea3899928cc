#include "net/stream.hpp"

#include <openssl/err.h>
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
  if (ssl_) return tryWriteTls(pieces, would_block);
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
  if (socket_.cancelled())
    co_return Error(socket_.cancelReason(), Side::kUpstream, 500, "connect was given up");
  int error = 0;
  socklen_t error_size = sizeof error;
  ::getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &error_size);
  if (error != 0) co_return Error(Errc::kConnectFailed, Side::kUpstream, 500, std::strerror(error));
  co_return Result<void>{};
}

}  // namespace tykpp::net
