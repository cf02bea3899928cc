#pragma once
// A non-blocking socket on a worker's loop, and what a coroutine waits for on it: one reader and
// one writer at a time. System calls are tried first; a coroutine is suspended only when the kernel
// has nothing.

#include <sys/uio.h>

#include <coroutine>
#include <cstdint>
#include <span>

#include "base/error.hpp"
#include "net/loop.hpp"

namespace tykpp::net {

/// Why an operation ended.
enum class IoStatus : std::uint8_t { kOk, kEof, kCancelled, kError };

struct IoResult {
  IoStatus status = IoStatus::kOk;
  std::size_t bytes = 0;
  int error = 0;  ///< errno with kError
  explicit operator bool() const noexcept { return status == IoStatus::kOk; }
};

/// Something that waits for a socket: tried again at each event, resumed when `attempt` answers
/// true.
struct Waiter {
  std::coroutine_handle<> handle;
  bool (*attempt)(Waiter& self);
};

/// Thread: its loop's. Movable only while nobody waits on it (it registers its own address).
class Socket {
 public:
  explicit Socket(Loop& loop) noexcept : loop_(loop) {}
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// Takes ownership of a non-blocking descriptor. @return false when the loop cannot watch it (it
  /// is closed then)
  bool open(int fd);
  /// Closes at once. Nobody may be waiting.
  void close() noexcept;
  bool isOpen() const noexcept { return fd_ >= 0; }
  int fd() const noexcept { return fd_; }
  Loop& loop() const noexcept { return loop_; }

  /// Ends the waits of now and later with kCancelled, with `reason` for whoever asks. Nothing is
  /// closed.
  void cancel(Errc reason);
  bool cancelled() const noexcept { return cancelled_; }
  /// Somebody waits for this socket.
  bool awaited() const noexcept { return reader_ != nullptr || writer_ != nullptr; }
  Errc cancelReason() const noexcept { return reason_; }

  /// The other side has closed its direction, or the connection broke.
  bool peerClosed() const noexcept { return peer_closed_; }
  /// Bytes, or an end, may be there to read.
  bool readable() const noexcept { return readable_; }
  bool writable() const noexcept { return writable_; }
  /// The kernel said there is nothing more (EAGAIN or a short read without a closed peer).
  void readDrained() noexcept { readable_ = peer_closed_; }
  void writeBlocked() noexcept { writable_ = false; }

  /// Called when something happens while no reader waits: a client that leaves, an idle upstream
  /// that speaks.
  using Watcher = void (*)(void* owner);
  void setWatcher(Watcher watcher, void* owner) noexcept {
    watcher_ = watcher;
    owner_ = owner;
  }

  /// Shuts down the sending direction: the other side reads an end.
  void shutdownSend() noexcept;

  void waitRead(Waiter& waiter) noexcept { reader_ = &waiter; }
  void waitWrite(Waiter& waiter) noexcept { writer_ = &waiter; }

 private:
  friend class Loop;
  void onEvents(std::uint32_t events);
  static void wake(Waiter*& slot);

  Loop& loop_;
  Registration* registration_ = nullptr;
  int fd_ = -1;
  bool readable_ = false;
  bool writable_ = false;
  bool peer_closed_ = false;
  bool cancelled_ = false;
  Errc reason_ = Errc::kIo;
  Waiter* reader_ = nullptr;
  Waiter* writer_ = nullptr;
  Watcher watcher_ = nullptr;
  void* owner_ = nullptr;
};

/// `co_await Readable(socket)`: until there is something to read, the peer closed, or the wait was
/// cancelled.
class Readable : Waiter {
 public:
  explicit Readable(Socket& socket) noexcept : socket_(socket) {
    attempt = [](Waiter&) { return true; };
  }
  bool await_ready() const noexcept { return socket_.readable() || socket_.cancelled(); }
  void await_suspend(std::coroutine_handle<> caller) noexcept {
    handle = caller;
    socket_.waitRead(*this);
  }
  void await_resume() const noexcept {}

 private:
  Socket& socket_;
};

/// `co_await Writable(socket)`: until the kernel takes bytes again (a connect has ended), or the
/// wait was cancelled.
class Writable : Waiter {
 public:
  explicit Writable(Socket& socket) noexcept : socket_(socket) {
    attempt = [](Waiter&) { return true; };
  }
  bool await_ready() const noexcept { return socket_.writable() || socket_.cancelled(); }
  void await_suspend(std::coroutine_handle<> caller) noexcept {
    handle = caller;
    socket_.waitWrite(*this);
  }
  void await_resume() const noexcept {}

 private:
  Socket& socket_;
};

}  // namespace tykpp::net
