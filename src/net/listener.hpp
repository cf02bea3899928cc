#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/socket.hpp"

namespace tykpp::net {

/// A listening TCP socket on one worker's loop (SO_REUSEPORT: each worker has its own, the kernel
/// spreads connections). Thread: its loop's.
class Listener {
 public:
  /// Takes a non-blocking connection and its peer's address.
  using Accept = std::function<void(int fd, const sockaddr_storage& peer)>;

  /// @param address  IPv4 or IPv6 literal or host name of this machine, empty: all interfaces
  /// @error kBadConfig with address, port and the system's reason
  static Result<std::unique_ptr<Listener>> open(Loop& loop, const std::string& address,
                                                std::uint16_t port, Accept accept);
  /// The part of open() that may fail, for another thread than the loop's: a bound socket that
  /// takes connections. The caller owns the descriptor. @error as open()
  static Result<int> bind(const std::string& address, std::uint16_t port);
  /// The rest: takes the descriptor. @error kIo when the loop cannot watch it
  static Result<std::unique_ptr<Listener>> adopt(Loop& loop, int fd, Accept accept);
  /// Stops accepting; connections of its queue that were not accepted are reset by the kernel.
  void close() noexcept { socket_.close(); }
  /// The same, after what is in the queue was accepted.
  void closeEmpty() {
    drain();
    close();
  }
  /// The port it is bound to (differs from the one asked for when that was 0).
  std::uint16_t port() const noexcept { return port_; }
  Listener(Loop& loop, Accept accept)
      : socket_(loop), accept_(std::move(accept)), retry_(loop.wheel(), &onRetry, this) {}

 private:
  static void onRetry(Deadline&, void* self) { static_cast<Listener*>(self)->drain(); }
  void drain();
  Socket socket_;
  Accept accept_;
  Deadline retry_;  // out of descriptors: look again soon
  std::uint16_t port_ = 0;
};

/// `127.0.0.1` or `::1` of an address; the view is into `buffer`.
std::string_view addressText(const sockaddr_storage& address, char (&buffer)[64]) noexcept;
std::uint16_t addressPort(const sockaddr_storage& address) noexcept;

}  // namespace tykpp::net
