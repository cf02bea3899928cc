#pragma once
// From certificates to the TLS of the listeners: who is served with what, and which domain asks its
// clients for a certificate.

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "certs/certificate_set.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"
#include "gateway/worker.hpp"

namespace tykpp::gateway {

/// The APIs that are served.
using Specs = std::vector<std::shared_ptr<const definition::ApiSpec>>;

/// Whether any port speaks TLS.
bool needsTls(const definition::GatewayConfig& config, const Specs& specs);
/// Whether the control port has rules of its own for client certificates.
bool ownControlTls(const definition::GatewayConfig& config);
/// What CertificateSet calls a pair of `http_server_options.certificates`.
std::string nameOf(const definition::CertificateFiles& files);
/// Ids and files that settings and definitions name, pairs left out.
std::set<std::string> namedCertificates(const definition::GatewayConfig& config,
                                        const Specs& specs);

/// Of these, what calls to upstreams need: they fail without it.
std::set<std::string> certificatesOfCalls(const Specs& specs);

/// What TLS is built from; read during the call.
struct TlsInputs {
  const definition::GatewayConfig& config;
  const Specs& specs;
  const certs::CertificateSet& certificates;
  std::shared_ptr<net::TicketKeys> tickets;
};

/// What was built, with what had to be left out.
struct BuiltTls {
  TlsSetup setup;
  definition::Problems problems;
};
BuiltTls buildTls(const TlsInputs& inputs);

}  // namespace tykpp::gateway
