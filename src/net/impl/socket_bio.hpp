#pragma once
#include <openssl/bio.h>

#include "net/socket.hpp"

namespace tykpp::net {

/// OpenSSL's way to a socket of ours: as its own, and it knows from the readiness set when a read
/// would find nothing, which spares the system call. The caller owns it; the socket outlives it.
/// @return null without memory
BIO* makeSocketBio(Socket& socket);

}  // namespace tykpp::net
