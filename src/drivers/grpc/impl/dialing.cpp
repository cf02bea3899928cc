#include "drivers/grpc/impl/dialing.hpp"

#include <openssl/err.h>

#include "base/log.hpp"

namespace tykpp::drivers::grpc {
namespace {

constexpr unsigned char kProtocols[] = {2, 'h', '2'};

Error unreadable(const char* key, const std::string& file) {
  return Error(Errc::kBadPlugin, std::string("coprocess_options.") + key + ": " +
                                     log::quoted(file) + " cannot be read");
}

/// The gateway's own certificate, for servers that ask for one.
Result<void> addCertificate(SSL_CTX* context, const definition::GrpcConfig& config) {
  if (config.tls_cert_file.empty() != config.tls_key_file.empty()) {
    return Error(Errc::kBadPlugin,
                 "coprocess_options: grpc_tls_cert_file and grpc_tls_key_file go together");
  }
  if (config.tls_cert_file.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, config.tls_cert_file.c_str()) != 1) {
    return unreadable("grpc_tls_cert_file", config.tls_cert_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context, config.tls_key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return unreadable("grpc_tls_key_file", config.tls_key_file);
  }
  return {};
}

Result<std::unique_ptr<SSL_CTX, ContextDeleter>> makeContext(const definition::GrpcConfig& config) {
  ERR_clear_error();
  std::unique_ptr<SSL_CTX, ContextDeleter> context(SSL_CTX_new(TLS_client_method()));
  if (!context) return Error(Errc::kBadPlugin, "out of memory for TLS");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_alpn_protos(context.get(), kProtocols, sizeof kProtocols);
  const std::string& authorities = config.tls_ca_file;
  if (authorities.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else if (SSL_CTX_load_verify_locations(context.get(), authorities.c_str(), nullptr) != 1) {
    return unreadable("grpc_tls_ca_file", authorities);
  }
  if (auto added = addCertificate(context.get(), config); !added) return added.error();
  return context;
}

}  // namespace

Result<std::unique_ptr<const Dialing>> Dialing::of(const std::string& address,
                                                   const definition::GrpcConfig& config) {
  auto target = parseTarget(address);
  if (!target) return target.error();
  auto dialing = std::make_unique<Dialing>();
  dialing->target = std::move(*target);
  dialing->round_robin = config.round_robin || dialing->target.several();
  dialing->authority = config.authority;
  if (config.recv_max_size > 0) {
    dialing->max_reply = static_cast<std::size_t>(config.recv_max_size);
  }
  if (config.send_max_size > 0) {
    dialing->max_message = static_cast<std::size_t>(config.send_max_size);
  }
  dialing->keepalive = config.keepalive_time;
  if (!dialing->target.tls) return std::unique_ptr<const Dialing>(std::move(dialing));
  auto context = makeContext(config);
  if (!context) return context.error();
  dialing->tls = std::move(*context);
  dialing->server_name = config.tls_server_name;
  if (dialing->authority.empty()) dialing->authority = config.tls_server_name;
  return std::unique_ptr<const Dialing>(std::move(dialing));
}

}  // namespace tykpp::drivers::grpc
