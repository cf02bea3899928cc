#pragma once
// Settings of plugin servers that are called over gRPC.

#include <chrono>
#include <cstdint>
#include <string>

namespace tykpp::definition {

/// Plugin servers that are called over gRPC: members of `coprocess_options`.
struct GrpcConfig {
  std::string server;              ///< `coprocess_grpc_server`; empty: definitions have to name one
  std::int64_t recv_max_size = 0;  ///< bytes of an answer, 0: gRPC's default of 4 MiB
  std::int64_t send_max_size = 0;  ///< bytes of a call, 0: no limit
  std::string authority;           ///< `:authority` of calls; empty: the server's name
  bool round_robin = false;        ///< calls go to all addresses of a name in turn

  // Ours.
  std::string tls_ca_file;      ///< PEM; empty: the system's authorities
  std::string tls_cert_file;    ///< PEM; with tls_key_file: the gateway's own certificate
  std::string tls_key_file;     ///< PEM
  std::string tls_server_name;  ///< the name in the server's certificate; empty: the server's
  std::chrono::seconds keepalive_time{0};  ///< between pings while calls wait, 0: none
  int max_calls = 4096;                    ///< calls under way a worker; more are refused
  /// How long a worker polls for the answer to a lone call before it sleeps.
  std::chrono::microseconds busy_poll{200};
};

}  // namespace tykpp::definition
