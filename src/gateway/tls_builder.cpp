#include "gateway/tls_builder.hpp"

#include <openssl/x509v3.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/ascii.hpp"
#include "definition/auth_rules.hpp"
#include "definition/listener_rules.hpp"
#include "definition/upstream_trust.hpp"

namespace tykpp::gateway {
namespace {

using definition::ListenerRules;

/// What the APIs of one domain want of their clients.
struct DomainWishes {
  bool mutual = false;  ///< some API has a list of allowed certificates
  bool token = false;   ///< some API takes a certificate for a token
  bool other = false;   ///< some API wants neither
  std::vector<std::string> allowed;
  net::ClientAuth auth() const noexcept {
    if (!mutual && !token) return net::ClientAuth::kNone;
    // Only where nobody else is served may the handshake refuse; else the API's own step does.
    return mutual && !token && !other ? net::ClientAuth::kRequire : net::ClientAuth::kRequest;
  }
};

class Builder {
 public:
  explicit Builder(const TlsInputs& inputs) : in_(inputs), tls_(inputs.config.identity.tls) {}

  BuiltTls build() {
    out_.setup.apis = makeApis();
    if (ownControlTls(in_.config)) out_.setup.control = makeControl();
    return std::move(out_);
  }

 private:
  std::unique_ptr<net::TlsAcceptor> newAcceptor() {
    net::TlsServerSettings settings;
    settings.min_version = tls_.min_version;
    settings.max_version = tls_.max_version;
    settings.ciphers = tls_.ssl_ciphers;
    settings.announce_authorities = !tls_.skip_client_ca_announcement;
    settings.tickets = in_.tickets;
    auto made = net::TlsAcceptor::create(std::move(settings));
    if (made) return std::move(*made);
    report(definition::Severity::kError, in_.config.file, "/http_server_options",
           made.error().message());
    return nullptr;
  }

  std::shared_ptr<const net::TlsAcceptor> makeApis() {
    auto acceptor = newAcceptor();
    if (acceptor == nullptr) return nullptr;
    for (const std::string& cipher : acceptor->unknownCiphers()) {
      report(definition::Severity::kWarning, in_.config.file, "/http_server_options/ssl_ciphers",
             "no such cipher suite: " + cipher);
    }
    addOwn(*acceptor);
    addOfApis(*acceptor);
    addRules(*acceptor);
    if (!acceptor->hasIdentity()) {
      report(definition::Severity::kError, in_.config.file, "/http_server_options/certificates",
             "there is no server certificate: TLS connections are closed");
      return nullptr;
    }
    return acceptor;
  }

  std::shared_ptr<const net::TlsAcceptor> makeControl() {
    auto acceptor = newAcceptor();
    if (acceptor == nullptr) return nullptr;
    addOwn(*acceptor);
    added_.clear();
    setRules(*acceptor, "", net::ClientAuth::kRequire, tls_.control_api_certificates);
    if (!acceptor->hasIdentity()) return nullptr;
    return acceptor;
  }

  void addOwn(net::TlsAcceptor& acceptor) {
    added_.clear();
    std::size_t place = 0;
    for (const definition::CertificateFiles& files : tls_.certificates) {
      add(acceptor, nameOf(files), in_.config.file,
          "/http_server_options/certificates/" + std::to_string(place++), Names::kAll);
    }
    place = 0;
    for (const std::string& name : tls_.ssl_certificates) {
      add(acceptor, name, in_.config.file,
          "/http_server_options/ssl_certificates/" + std::to_string(place++), Names::kAll);
    }
    // A name that is given beats what certificates say of themselves.
    for (const definition::CertificateFiles& files : tls_.certificates) {
      const auto added = added_.find(nameOf(files));
      if (added != added_.end() && !files.domain_name.empty())
        acceptor.setName(lowered(files.domain_name), added->second);
    }
  }

  void addOfApis(net::TlsAcceptor& acceptor) {
    for (const auto& spec : in_.specs) {
      if (spec->listener == nullptr) continue;
      for (const std::string& name : spec->listener->certificates) {
        add(acceptor, name, spec->file, "/certificates", Names::kNew);
        const auto added = added_.find(name);
        if (added != added_.end() && !spec->listener->tls_domain.empty())
          acceptor.setName(spec->listener->tls_domain, added->second);
      }
    }
  }

  /// Which names of a certificate count: all, or those that nobody has yet.
  enum class Names { kAll, kNew };
  void add(net::TlsAcceptor& acceptor, const std::string& name, const std::string& file,
           const std::string& place, Names names) {
    if (added_.contains(name)) return;
    const certs::CertificatePtr certificate = in_.certificates.find(name);
    if (certificate == nullptr) return;  // told when it was looked for
    if (certificate->publicKeyOnly() || certificate->key() == nullptr) {
      const std::string& problem = certificate->keyProblem();
      report(definition::Severity::kError, file, place,
             "the server certificate " + name.substr(0, name.find('\n')) + " cannot be used: " +
                 (problem.empty() ? "it comes without a private key" : problem));
      return;
    }
    const auto index = acceptor.addIdentity({certificate->chain(), certificate->key()});
    if (!index) {
      report(definition::Severity::kError, file, place, index.error().message());
      return;
    }
    added_.emplace(name, *index);
    for (const std::string& own : certificate->serverNames()) {
      if (names == Names::kAll || !acceptor.hasName(own)) acceptor.setName(own, *index);
    }
  }

  void addRules(net::TlsAcceptor& acceptor) {
    std::map<std::string, DomainWishes> domains;
    domains[""];
    for (const auto& spec : in_.specs) {
      if (spec->listener == nullptr) continue;
      const ListenerRules& rules = *spec->listener;
      DomainWishes& wishes = domains[rules.tls_domain];
      if (rules.use_mutual_tls_auth) {
        wishes.mutual = true;
        wishes.allowed.insert(wishes.allowed.end(), rules.client_certificates.begin(),
                              rules.client_certificates.end());
      } else {
        (rules.token_certificates ? wishes.token : wishes.other) = true;
      }
    }
    // The control API on the port of the APIs judges for itself, once a certificate was asked for.
    const bool control = tls_.control_api_use_mutual_tls && !ownControlTls(in_.config);
    const std::vector<std::string>& everywhere = domains[""].allowed;
    for (const auto& [domain, wishes] : domains) {
      net::ClientAuth auth = wishes.auth();
      std::vector<std::string> names = wishes.allowed;
      if (!domain.empty()) names.insert(names.end(), everywhere.begin(), everywhere.end());
      if (control) {
        auth = net::ClientAuth::kRequest;
        const auto& own = tls_.control_api_certificates;
        names.insert(names.end(), own.begin(), own.end());
      }
      setRules(acceptor, domain, auth, names);
    }
  }

  void setRules(net::TlsAcceptor& acceptor, const std::string& domain, net::ClientAuth auth,
                const std::vector<std::string>& names) {
    net::TlsClientRules rules;
    rules.auth = auth;
    const std::set<std::string> once(names.begin(), names.end());
    std::vector<certs::CertificatePtr> held;
    for (const std::string& name : once) {
      const certs::CertificatePtr certificate = in_.certificates.find(name);
      if (certificate == nullptr || certificate->publicKeyOnly()) continue;
      held.push_back(certificate);
      const std::vector<X509*> chain = certificate->chain();
      rules.trusted.push_back(chain.front());
      // Of what stands behind it, authorities alone: others would be let in by themselves.
      std::copy_if(chain.begin() + 1, chain.end(), std::back_inserter(rules.trusted),
                   [](X509* one) { return (X509_get_extension_flags(one) & EXFLAG_CA) != 0; });
    }
    if (auto done = acceptor.addClientRules(domain, rules); !done) {
      report(definition::Severity::kError, in_.config.file, "/security/certificates",
             done.error().message());
    }
  }

  void report(definition::Severity severity, const std::string& file, const std::string& place,
              std::string reason) {
    out_.problems.push_back({severity, file, place, std::move(reason)});
  }

  const TlsInputs& in_;
  const definition::TlsConfig& tls_;
  std::unordered_map<std::string, std::size_t> added_;
  BuiltTls out_;
};

}  // namespace

bool needsTls(const definition::GatewayConfig& config, const Specs& specs) {
  return config.http_server_options.use_ssl ||
         std::any_of(specs.begin(), specs.end(), [](const auto& spec) {
           return spec->listener != nullptr && spec->listener->protocol == "https";
         });
}

bool ownControlTls(const definition::GatewayConfig& config) {
  return config.http_server_options.use_ssl && config.identity.tls.control_api_use_mutual_tls &&
         config.control_api_port != 0 && config.control_api_port != config.listen_port;
}

std::string nameOf(const definition::CertificateFiles& files) {
  return files.cert_file + "\n" + files.key_file;
}

std::set<std::string> certificatesOfCalls(const Specs& specs) {
  std::set<std::string> names;
  for (const auto& spec : specs) {
    if (spec->auth != nullptr && spec->auth->signing.certificateWanted())
      names.insert(spec->auth->signing.certificate_id);
    if (spec->trust == nullptr) continue;
    for (std::string& name : definition::namesIn(*spec->trust)) names.insert(std::move(name));
  }
  return names;
}

std::set<std::string> namedCertificates(const definition::GatewayConfig& config,
                                        const Specs& specs) {
  const definition::TlsConfig& tls = config.identity.tls;
  std::set<std::string> names = certificatesOfCalls(specs);
  names.insert(tls.ssl_certificates.begin(), tls.ssl_certificates.end());
  if (tls.control_api_use_mutual_tls)
    names.insert(tls.control_api_certificates.begin(), tls.control_api_certificates.end());
  for (const auto& spec : specs) {
    if (spec->listener == nullptr) continue;
    const ListenerRules& rules = *spec->listener;
    names.insert(rules.certificates.begin(), rules.certificates.end());
    names.insert(rules.client_certificates.begin(), rules.client_certificates.end());
  }
  return names;
}

BuiltTls buildTls(const TlsInputs& inputs) {
  if (!needsTls(inputs.config, inputs.specs)) return {};
  return Builder(inputs).build();
}

}  // namespace tykpp::gateway
