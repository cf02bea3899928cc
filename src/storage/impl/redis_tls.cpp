#include <openssl/err.h>

#include "storage/impl/redis_link.hpp"

namespace tykpp::storage {
namespace {

Error bad(const std::string& what) {
  char text[160] = "unknown reason";
  if (const unsigned long code = ERR_get_error(); code != 0)
    ERR_error_string_n(code, text, sizeof text);
  return Error(Errc::kBadConfig, "storage." + what + ": " + text);
}

/// 0: the text names no version.
int versionOf(const std::string& text, int when_empty) {
  if (text.empty()) return when_empty;
  if (text == "1.0") return TLS1_VERSION;
  if (text == "1.1") return TLS1_1_VERSION;
  if (text == "1.2") return TLS1_2_VERSION;
  if (text == "1.3") return TLS1_3_VERSION;
  return 0;
}

Result<void> setVersions(SSL_CTX* context, const RedisTls& tls) {
  const int lowest = versionOf(tls.min_version, TLS1_2_VERSION);
  const int highest = versionOf(tls.max_version, TLS1_3_VERSION);
  if (lowest == 0) return Error(Errc::kBadConfig, "storage.tls_min_version: no such version");
  if (highest == 0) return Error(Errc::kBadConfig, "storage.tls_max_version: no such version");
  if (lowest > highest) {
    return Error(Errc::kBadConfig, "storage.tls_min_version is above tls_max_version");
  }
  if (SSL_CTX_set_min_proto_version(context, lowest) != 1) return bad("tls_min_version");
  if (SSL_CTX_set_max_proto_version(context, highest) != 1) return bad("tls_max_version");
  return {};
}

Result<void> setCertificates(SSL_CTX* context, const RedisTls& tls) {
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    return Error(Errc::kBadConfig, "storage.cert_file and key_file go together");
  }
  if (!tls.cert_file.empty()) {
    if (SSL_CTX_use_certificate_chain_file(context, tls.cert_file.c_str()) != 1) {
      return bad("cert_file");
    }
    if (SSL_CTX_use_PrivateKey_file(context, tls.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
      return bad("key_file");
    }
  }
  if (!tls.ca_file.empty()) {
    if (SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) != 1) {
      return bad("ca_file");
    }
  } else if (tls.verify && SSL_CTX_set_default_verify_paths(context) != 1) {
    return bad("use_ssl: the system's authorities");
  }
  return {};
}

}  // namespace

Result<SslContext> makeRedisTls(const RedisTls& tls) {
  if (!tls.enabled) return SslContext{};
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return bad("use_ssl");
  if (const auto done = setVersions(context.get(), tls); !done) return done.error();
  if (const auto done = setCertificates(context.get(), tls); !done) return done.error();
  SSL_CTX_set_verify(context.get(), tls.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION);
  return context;
}

}  // namespace tykpp::storage
