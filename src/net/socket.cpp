#include "net/socket.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace tykpp::net {

bool Socket::open(int fd) {
  close();
  registration_ = loop_.watch(fd, *this);
  if (registration_ == nullptr) {
    ::close(fd);
    return false;
  }
  fd_ = fd;
  readable_ = writable_ = peer_closed_ = cancelled_ = false;
  return true;
}

void Socket::close() noexcept {
  if (fd_ < 0) return;
  loop_.unwatch(registration_);
  registration_ = nullptr;
  ::close(fd_);
  fd_ = -1;
  reader_ = writer_ = nullptr;
}

void Socket::cancel(Errc reason) {
  if (cancelled_ || fd_ < 0) return;
  cancelled_ = true;
  reason_ = reason;
  // Resuming one waiter may close this socket; the registration then says so.
  Registration* registration = registration_;
  if (Waiter* reader = std::exchange(reader_, nullptr); reader != nullptr) {
    reader->handle.resume();
    if (registration->socket != this) return;
  }
  if (Waiter* writer = std::exchange(writer_, nullptr); writer != nullptr) writer->handle.resume();
}

void Socket::shutdownSend() noexcept { ::shutdown(fd_, SHUT_WR); }

void Socket::wake(Waiter*& slot) {
  Waiter* waiter = slot;
  if (!waiter->attempt(*waiter)) return;
  slot = nullptr;
  waiter->handle.resume();
}

void Socket::onEvents(std::uint32_t events) {
  Registration* registration = registration_;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_closed_ = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
  if (writable_ && writer_ != nullptr) {
    wake(writer_);
    if (registration->socket != this) return;  // closed by whom we woke
  }
  if (readable_ && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
    if (reader_ != nullptr) {
      wake(reader_);
    } else if (watcher_ != nullptr) {
      watcher_(owner_);
    }
  }
}

}  // namespace tykpp::net
