#include "net/impl/socket_bio.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace tykpp::net {
namespace {

Socket& socketOf(BIO* bio) { return *static_cast<Socket*>(BIO_get_data(bio)); }

int readSome(BIO* bio, char* data, int size) {
  Socket& socket = socketOf(bio);
  BIO_clear_retry_flags(bio);
  if (!socket.readable()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  for (;;) {
    const ssize_t n = ::recv(socket.fd(), data, static_cast<std::size_t>(size), 0);
    if (n > 0) {
      if (n < size) socket.readDrained();
      return static_cast<int>(n);
    }
    if (n == 0) {
      BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
      return 0;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      socket.readDrained();
      BIO_set_retry_read(bio);
    }
    return -1;
  }
}

int writeSome(BIO* bio, const char* data, int size) {
  Socket& socket = socketOf(bio);
  BIO_clear_retry_flags(bio);
  for (;;) {
    const ssize_t n = ::send(socket.fd(), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (n >= 0) return static_cast<int>(n);
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      socket.writeBlocked();
      BIO_set_retry_write(bio);
    }
    return -1;
  }
}

long control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default:
      return 0;
  }
}

BIO_METHOD* makeMethod() {
  BIO_METHOD* method =
      BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "socket");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, &readSome);
  BIO_meth_set_write(method, &writeSome);
  BIO_meth_set_ctrl(method, &control);
  return method;
}

}  // namespace

BIO* makeSocketBio(Socket& socket) {
  static BIO_METHOD* const method = makeMethod();  // for as long as the process lives
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &socket);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace tykpp::net
