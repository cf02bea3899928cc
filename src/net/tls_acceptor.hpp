#pragma once
// The TLS side of listeners: which certificate a client gets, by the name it asks for, and whether
// it has to show one of its own. Enters: certificates, keys and rules, once; leaves: handshakes of
// Stream::accept. An acceptor never changes: a reload makes another, and connections that are open
// keep what they have. Thread: made on one, then used by every worker at once.

#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "net/tls_tickets.hpp"

namespace tykpp::net {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslContextPtr = std::unique_ptr<SSL_CTX, SslContextDeleter>;
struct X509StoreDeleter {
  void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
};
struct X509NamesDeleter {
  void operator()(STACK_OF(X509_NAME) * names) const noexcept {
    sk_X509_NAME_pop_free(names, &X509_NAME_free);
  }
};

/// Whether clients show a certificate.
enum class ClientAuth : std::uint8_t {
  kNone,
  kRequest,  ///< asked for; none, or any, is let through: who let it in judges it
  kRequire,  ///< no handshake without one that the rules vouch for
};

/// Settings of all handshakes of an acceptor.
struct TlsServerSettings {
  int min_version = 0;                  ///< 769..772, the wire versions; 0: TLS 1.2
  int max_version = 0;                  ///< 0: TLS 1.3
  std::vector<std::string> ciphers;     ///< IANA names for TLS 1.2 and below; empty: good ones
  bool announce_authorities = true;     ///< tell clients which authorities count
  std::shared_ptr<TicketKeys> tickets;  ///< shared by an acceptor and the one before it
};

/// A certificate to serve with. Views and pointers: for the call.
struct TlsIdentity {
  std::vector<X509*> chain;  ///< the server's own first; not empty
  EVP_PKEY* key = nullptr;   ///< of the first one
};

/// What clients of a name must show.
struct TlsClientRules {
  ClientAuth auth = ClientAuth::kNone;
  std::vector<X509*> trusted;  ///< authorities, and single certificates that count by themselves
};

class TlsAcceptor {
 public:
  /// @error kBadConfig: a version or the ciphers cannot be used
  static Result<std::unique_ptr<TlsAcceptor>> create(TlsServerSettings settings);
  ~TlsAcceptor();
  TlsAcceptor(const TlsAcceptor&) = delete;
  TlsAcceptor& operator=(const TlsAcceptor&) = delete;

  /// The first one added also serves clients that ask for no name that is known.
  /// @return what setName() knows it by. @error kBadConfig: certificate and key do not fit
  Result<std::size_t> addIdentity(const TlsIdentity& identity);
  /// Who asks for `name` gets an identity, whoever had the name before.
  /// @param name  lower case, `*.` for one label in front
  void setName(const std::string& name, std::size_t identity) { names_[name] = identity; }
  bool hasName(const std::string& name) const { return names_.contains(name); }
  /// @param name  the name clients ask for; empty: every other one, and none
  /// @error kInternal  out of memory
  Result<void> addClientRules(const std::string& name, const TlsClientRules& rules);
  bool hasIdentity() const noexcept { return !identities_.empty(); }
  /// Of the settings: those that OpenSSL does not know, for the log.
  const std::vector<std::string>& unknownCiphers() const noexcept { return unknown_ciphers_; }

  /// A server's end of a handshake that has not begun. @return null without memory
  SSL* newSession() const noexcept;

 private:
  struct Identity {
    SslContextPtr context;
    std::array<unsigned char, 32> digest{};  ///< of the certificate: sessions resume on it alone
  };
  struct ClientRules {
    ClientAuth auth = ClientAuth::kNone;
    std::unique_ptr<X509_STORE, X509StoreDeleter> store;
    std::unique_ptr<STACK_OF(X509_NAME), X509NamesDeleter> announced;
  };
  explicit TlsAcceptor(TlsServerSettings settings);
  Result<SslContextPtr> makeContext();
  Result<void> setCiphers(SSL_CTX* context);
  static int onClientHello(SSL* ssl, int* alert, void* self);
  bool choose(SSL* ssl, std::string_view name) const;
  bool askForCertificate(SSL* ssl, const ClientRules& rules) const;
  const Identity* identityFor(std::string_view name) const;

  TlsServerSettings settings_;
  SslContextPtr base_;
  std::vector<Identity> identities_;
  std::unordered_map<std::string, std::size_t> names_;
  std::unordered_map<std::string, ClientRules> client_rules_;
  std::vector<std::string> unknown_ciphers_;
};

}  // namespace tykpp::net
