#include "net/tls_acceptor.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>

#include "base/ascii.hpp"

namespace tykpp::net {
namespace {

/// Forward secrecy, and AEAD first. Lower versions than TLS 1.2 have only what stands last.
constexpr char kGoodCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";
/// A chain of client certificates longer than this is refused.
constexpr long kMaxCertificateBytes = 64L * 1024;

Error failed(Errc code, const std::string& what) {
  char text[160] = "refused by the TLS library";
  if (const unsigned long reason = ERR_get_error(); reason != 0) {
    ERR_error_string_n(reason, text, sizeof text);
  }
  ERR_clear_error();
  return Error(code, what + ": " + text);
}

bool knownVersion(int version) {
  return version == 0 || (version >= TLS1_VERSION && version <= TLS1_3_VERSION);
}

/// Names that gateways of this kind know beside the standard ones.
std::string standardName(const std::string& name) {
  for (const char* alias :
       {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"}) {
    if (equalsIgnoreCase(name, alias)) return std::string(alias) + "_SHA256";
  }
  return name;
}

/// HTTP/1.1 is what is spoken; a client that names protocols without it has come to the wrong door.
int onProtocols(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned in_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

/// Adds a name once. Without memory it is missing, which costs a client a hint.
void announce(STACK_OF(X509_NAME) * names, const X509_NAME* name) {
  for (int i = 0; i < sk_X509_NAME_num(names); ++i) {
    if (X509_NAME_cmp(sk_X509_NAME_value(names, i), name) == 0) return;
  }
  X509_NAME* copy = X509_NAME_dup(name);
  if (copy != nullptr && sk_X509_NAME_push(names, copy) == 0) X509_NAME_free(copy);
}

int letThrough(int, X509_STORE_CTX*) { return 1; }

/// The name in a hello (RFC 6066 section 3), lower case; empty when there is none.
std::string nameOf(SSL* ssl) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1) return {};
  constexpr std::size_t kHead = 5;  // size of the list, kind of name, size of the name
  if (size < kHead || data[2] != TLSEXT_NAMETYPE_host_name) return {};
  const std::size_t length = std::size_t{data[3]} * 256 + data[4];
  if (length > size - kHead || length > TLSEXT_MAXLEN_host_name) return {};
  std::string name(reinterpret_cast<const char*>(data) + kHead, length);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name.ends_with('.')) name.pop_back();
  return name;
}

}  // namespace

TlsAcceptor::TlsAcceptor(TlsServerSettings settings) : settings_(std::move(settings)) {}
TlsAcceptor::~TlsAcceptor() = default;

Result<std::unique_ptr<TlsAcceptor>> TlsAcceptor::create(TlsServerSettings settings) {
  if (!knownVersion(settings.min_version) || !knownVersion(settings.max_version))
    return Error(Errc::kBadConfig, "TLS versions have to be 769 to 772");
  if (settings.min_version == 0) settings.min_version = TLS1_2_VERSION;
  if (settings.max_version == 0) settings.max_version = TLS1_3_VERSION;
  if (settings.min_version > settings.max_version)
    return Error(Errc::kBadConfig, "the lowest TLS version is above the highest");
  if (settings.tickets == nullptr) settings.tickets = std::make_shared<TicketKeys>();
  std::unique_ptr<TlsAcceptor> acceptor(new TlsAcceptor(std::move(settings)));
  auto base = acceptor->makeContext();
  if (!base) return base.error();
  acceptor->base_ = std::move(*base);
  SSL_CTX_set_client_hello_cb(acceptor->base_.get(), &onClientHello, acceptor.get());
  return acceptor;
}

Result<SslContextPtr> TlsAcceptor::makeContext() {
  ERR_clear_error();
  SslContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context) return failed(Errc::kInternal, "TLS");
  SSL_CTX* raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  // Tickets alone: nothing to keep, nothing to lock.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 1);
  SSL_CTX_set_read_ahead(raw, 1);
  SSL_CTX_set_max_cert_list(raw, kMaxCertificateBytes);
  SSL_CTX_set_alpn_select_cb(raw, &onProtocols, nullptr);
  settings_.tickets->serve(raw);
  if (auto done = setCiphers(raw); !done) return done.error();
  if (SSL_CTX_set_min_proto_version(raw, settings_.min_version) != 1 ||
      SSL_CTX_set_max_proto_version(raw, settings_.max_version) != 1) {
    return failed(Errc::kBadConfig, "TLS versions");
  }
  return context;
}

Result<void> TlsAcceptor::setCiphers(SSL_CTX* context) {
  // The library's own bar keeps out what TLS below 1.2 cannot do without; who asks for that, or
  // names suites, has decided.
  const bool decided = settings_.min_version < TLS1_2_VERSION || !settings_.ciphers.empty();
  if (decided) SSL_CTX_set_security_level(context, 0);
  std::string list;
  unknown_ciphers_.clear();
  if (!settings_.ciphers.empty()) SSL_CTX_set_cipher_list(context, "ALL");
  const STACK_OF(SSL_CIPHER)* all = SSL_CTX_get_ciphers(context);
  for (const std::string& given : settings_.ciphers) {
    const std::string wanted = standardName(given);
    const char* found = nullptr;
    for (int i = 0; i < sk_SSL_CIPHER_num(all) && found == nullptr; ++i) {
      const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(all, i);
      const char* standard = SSL_CIPHER_standard_name(cipher);
      if (standard != nullptr && equalsIgnoreCase(standard, wanted))
        found = SSL_CIPHER_get_name(cipher);
    }
    if (found == nullptr) {
      unknown_ciphers_.push_back(given);
    } else if (!std::string_view(found).starts_with("TLS_")) {  // those of 1.3 are not for choice
      list += (list.empty() ? "" : ":") + std::string(found);
    }
  }
  if (list.empty()) list = kGoodCiphers;
  if (SSL_CTX_set_cipher_list(context, list.c_str()) != 1)
    return failed(Errc::kBadConfig, "ssl_ciphers");
  return {};
}

Result<std::size_t> TlsAcceptor::addIdentity(const TlsIdentity& identity) {
  auto context = makeContext();
  if (!context) return context.error();
  SSL_CTX* raw = context->get();
  X509* own = identity.chain.front();
  if (SSL_CTX_use_certificate(raw, own) != 1) return failed(Errc::kBadConfig, "the certificate");
  for (std::size_t i = 1; i < identity.chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(raw, identity.chain[i]) != 1)
      return failed(Errc::kBadConfig, "the certificate's chain");
  }
  if (SSL_CTX_use_PrivateKey(raw, identity.key) != 1 || SSL_CTX_check_private_key(raw) != 1)
    return failed(Errc::kBadConfig, "the private key does not fit the certificate");
  Identity added{std::move(*context), {}};
  unsigned size = 0;
  if (X509_digest(own, EVP_sha256(), added.digest.data(), &size) != 1)
    return failed(Errc::kInternal, "the certificate's digest");
  identities_.push_back(std::move(added));
  return identities_.size() - 1;
}

Result<void> TlsAcceptor::addClientRules(const std::string& name, const TlsClientRules& rules) {
  ClientRules made;
  made.auth = rules.auth;
  made.store.reset(X509_STORE_new());
  made.announced.reset(sk_X509_NAME_new_null());
  if (!made.store || !made.announced) return failed(Errc::kInternal, "authorities");
  // A certificate in the list counts by itself, whoever signed it.
  X509_STORE_set_flags(made.store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  for (X509* certificate : rules.trusted) {
    if (X509_STORE_add_cert(made.store.get(), certificate) != 1)
      return failed(Errc::kInternal, "authorities");
    // Clients choose by the issuer of what they have: for a single certificate both names fit.
    announce(made.announced.get(), X509_get_subject_name(certificate));
    if (X509_check_ca(certificate) == 0)
      announce(made.announced.get(), X509_get_issuer_name(certificate));
  }
  client_rules_[name] = std::move(made);
  return {};
}

SSL* TlsAcceptor::newSession() const noexcept {
  SSL* ssl = SSL_new(base_.get());
  if (ssl != nullptr) SSL_set_accept_state(ssl);
  return ssl;
}

const TlsAcceptor::Identity* TlsAcceptor::identityFor(std::string_view name) const {
  if (identities_.empty()) return nullptr;
  if (const auto found = names_.find(std::string(name)); found != names_.end())
    return &identities_[found->second];
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    const auto found = names_.find("*" + std::string(name.substr(dot)));
    if (found != names_.end()) return &identities_[found->second];
  }
  return &identities_.front();
}

int TlsAcceptor::onClientHello(SSL* ssl, int* alert, void* self) {
  if (static_cast<const TlsAcceptor*>(self)->choose(ssl, nameOf(ssl)))
    return SSL_CLIENT_HELLO_SUCCESS;
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_CLIENT_HELLO_ERROR;
}

bool TlsAcceptor::choose(SSL* ssl, std::string_view name) const {
  const Identity* identity = identityFor(name);
  if (identity == nullptr || SSL_set_SSL_CTX(ssl, identity->context.get()) == nullptr) return false;
  if (SSL_set_session_id_context(ssl, identity->digest.data(),
                                 static_cast<unsigned>(identity->digest.size())) != 1)
    return false;
  auto rules = client_rules_.find(std::string(name));
  if (rules == client_rules_.end()) rules = client_rules_.find("");
  if (rules == client_rules_.end() || rules->second.auth == ClientAuth::kNone) return true;
  return askForCertificate(ssl, rules->second);
}

bool TlsAcceptor::askForCertificate(SSL* ssl, const ClientRules& rules) const {
  // What a client showed is held against the rules of today: no way round it by a ticket.
  SSL_set_options(ssl, SSL_OP_NO_TICKET);
  SSL_set_num_tickets(ssl, 0);
  if (rules.auth == ClientAuth::kRequire) {
    SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    if (SSL_set1_verify_cert_store(ssl, rules.store.get()) != 1) return false;
  } else {
    SSL_set_verify(ssl, SSL_VERIFY_PEER, &letThrough);
  }
  if (!settings_.announce_authorities) return true;
  STACK_OF(X509_NAME)* names =
      sk_X509_NAME_deep_copy(rules.announced.get(), &X509_NAME_dup, &X509_NAME_free);
  if (names == nullptr) return false;
  SSL_set0_CA_list(ssl, names);
  return true;
}

}  // namespace tykpp::net
