#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "certs/certificate_set.hpp"
#include "net/peer_certificates.hpp"

namespace tykpp::certs {

/// Whether a client's certificates are among the allowed ones: one of the chain is listed itself,
/// or a listed authority signed the client's own. Entries that are missing or cannot be read are
/// passed over.
/// @param allowed  names in `set`
/// @param now  unix seconds
/// @error kForbidden (403) with the text for the client
Result<void> checkClient(const net::PeerCertificates& peer, const CertificateSet& set,
                         const std::vector<std::string>& allowed, std::int64_t now);

/// The refusals that need no look at a certificate.
Error tlsNotEnabled();
Error certificateRequired();

}  // namespace tykpp::certs
