#pragma once
// How a plugin server is connected to: what its connections share. Immutable.

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "definition/grpc_config.hpp"
#include "drivers/grpc/impl/target.hpp"

namespace tykpp::drivers::grpc {

struct ContextDeleter {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

struct Dialing {
  Target target;
  bool round_robin = false;
  std::unique_ptr<SSL_CTX, ContextDeleter> tls;  ///< null: plaintext
  std::string server_name;                       ///< in certificates; empty: the host's
  std::string authority;                         ///< empty: host and port
  std::size_t max_reply = 4U << 20;
  std::size_t max_message = 0;  ///< 0: no limit
  std::chrono::seconds keepalive{0};

  /// @error kBadPlugin  the address, or a file of certificates
  static Result<std::unique_ptr<const Dialing>> of(const std::string& address,
                                                   const definition::GrpcConfig& config);
};

}  // namespace tykpp::drivers::grpc
