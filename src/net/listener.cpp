#include "net/listener.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.hpp"

namespace tykpp::net {
namespace {

constexpr int kBacklog = 4096;

Error failure(const std::string& address, std::uint16_t port, const char* what, int error) {
  return Error(Errc::kBadConfig, "cannot listen on " + (address.empty() ? "*" : address) + ":" +
                                     std::to_string(port) + ": " + what + ": " +
                                     std::strerror(error));
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, const std::string& address,
                                                 std::uint16_t port, Accept accept) {
  const Result<int> fd = bind(address, port);
  if (!fd) return fd.error();
  return adopt(loop, *fd, std::move(accept));
}

Result<int> Listener::bind(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  hints.ai_family = address.empty() ? AF_INET6 : AF_UNSPEC;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  if (const int code = ::getaddrinfo(address.empty() ? nullptr : address.c_str(), service.c_str(),
                                     &hints, &found);
      code != 0) {
    return Error(Errc::kBadConfig, "listen_address \"" + address + "\": " + ::gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  int fd = ::socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  const sockaddr* where = list->ai_addr;
  socklen_t size = list->ai_addrlen;
  if (fd < 0 && address.empty() && errno == EAFNOSUPPORT) {  // a machine without IPv6
    any.sin_family = AF_INET;
    any.sin_port = htons(port);
    where = reinterpret_cast<const sockaddr*>(&any);
    size = sizeof any;
    fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  }
  if (fd < 0) return failure(address, port, "socket", errno);
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  // Inherited by what is accepted: no call a connection.
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (where->sa_family == AF_INET6 && address.empty()) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(fd, where, size) != 0 || ::listen(fd, kBacklog) != 0) {
    const Error error = failure(address, port, "bind", errno);
    ::close(fd);
    return error;
  }
  return fd;
}

Result<std::unique_ptr<Listener>> Listener::adopt(Loop& loop, int fd, Accept accept) {
  auto listener = std::make_unique<Listener>(loop, std::move(accept));
  sockaddr_storage bound{};
  socklen_t bound_size = sizeof bound;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &bound_size);
  listener->port_ = addressPort(bound);
  listener->socket_.setWatcher([](void* self) { static_cast<Listener*>(self)->drain(); },
                               listener.get());
  if (!listener->socket_.open(fd))
    return Error(Errc::kIo, std::string("cannot watch a listener: ") + std::strerror(errno));
  return listener;
}

void Listener::drain() {
  while (socket_.isOpen()) {
    sockaddr_storage peer;
    socklen_t size = sizeof peer;
    const int fd = ::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&peer), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      accept_(fd, peer);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN) return;
    // Out of descriptors or memory: the queue keeps the connections, and no new event comes for
    // them.
    TYKPP_LOG(warn, "main", "cannot accept a connection: {}", std::strerror(errno));
    retry_.after(std::chrono::milliseconds(200));
    return;
  }
}

std::string_view addressText(const sockaddr_storage& address, char (&buffer)[64]) noexcept {
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, buffer, sizeof buffer);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {  // an IPv4 client of a dual-stack listener
      ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], buffer, sizeof buffer);
    } else {
      ::inet_ntop(AF_INET6, &v6.sin6_addr, buffer, sizeof buffer);
    }
  } else {
    buffer[0] = '\0';
  }
  return buffer;
}

std::uint16_t addressPort(const sockaddr_storage& address) noexcept {
  if (address.ss_family == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

}  // namespace tykpp::net
