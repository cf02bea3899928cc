#include "upstream/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <memory>

#include "base/ascii.hpp"

namespace tykpp::upstream {
namespace {

struct ContextDeleter {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

std::string lastError() {
  char text[160] = "unknown reason";
  if (const unsigned long code = ERR_get_error(); code != 0)
    ERR_error_string_n(code, text, sizeof text);
  return text;
}

Error bad(const std::string& what) {
  return Error(Errc::kBadDefinition, what + ": " + lastError());
}

/// 769..772 are the wire versions of TLS 1.0 to 1.3, as OpenSSL's own constants.
bool knownVersion(int version) {
  return version == 0 || (version >= TLS1_VERSION && version <= TLS1_3_VERSION);
}

/// OpenSSL's list of the IANA names, which it knows one by one.
Result<std::string> cipherList(SSL_CTX* context, const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    std::string found;
    const STACK_OF(SSL_CIPHER)* all = SSL_CTX_get_ciphers(context);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
      const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(all, i);
      const char* standard = SSL_CIPHER_standard_name(cipher);
      const std::string_view iana = standard != nullptr ? standard : "";
      if (equalsIgnoreCase(iana, name) || equalsIgnoreCase(iana, name + "_SHA256"))
        found = SSL_CIPHER_get_name(cipher);
    }
    if (found.empty()) return Error(Errc::kBadDefinition, "unknown cipher suite \"" + name + "\"");
    list += (list.empty() ? "" : ":") + found;
  }
  return list;
}

}  // namespace

Result<SSL_CTX*> makeTlsContext(const definition::UpstreamTls& tls) {
  ERR_clear_error();
  std::unique_ptr<SSL_CTX, ContextDeleter> context(SSL_CTX_new(TLS_client_method()));
  if (!context) return bad("TLS");
  if (!knownVersion(tls.min_version))
    return Error(Errc::kBadDefinition, "ssl_min_version must be 769 to 772");
  if (!knownVersion(tls.max_version))
    return Error(Errc::kBadDefinition, "ssl_max_version must be 769 to 772");
  SSL_CTX_set_min_proto_version(context.get(),
                                tls.min_version != 0 ? tls.min_version : TLS1_2_VERSION);
  if (tls.max_version != 0) SSL_CTX_set_max_proto_version(context.get(), tls.max_version);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION);
  if (!tls.ciphers.empty()) {
    const auto list = cipherList(context.get(), tls.ciphers);
    if (!list) return list.error();
    if (SSL_CTX_set_cipher_list(context.get(), list->c_str()) != 1) return bad("ssl_ciphers");
  }
  if (tls.insecure_skip_verify) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  } else {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_set_default_verify_paths(context.get()) != 1)
      return bad("the system's certificate authorities");
  }
  // The common name counts only when it is asked for, and then only in certificates without
  // alternative names.
  X509_VERIFY_PARAM_set_hostflags(
      SSL_CTX_get0_param(context.get()),
      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
          (tls.force_common_name_check ? 0U : unsigned{X509_CHECK_FLAG_NEVER_CHECK_SUBJECT}));
  // Connections resume sessions of their own endpoint alone: the context is the endpoint's.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT);
  return context.release();
}

}  // namespace tykpp::upstream
