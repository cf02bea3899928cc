#pragma once
#include <string>

#include "certs/certificate.hpp"

namespace tykpp::admin {

/// A certificate in a list: `{"id":…,"issuer_cn":…}`, as the original writes it.
std::string basicsText(const std::string& id, const certs::Certificate& certificate);
/// Everything about one: `{"id":…,"fingerprint":…}`.
std::string detailsText(const std::string& id, const certs::Certificate& certificate);

}  // namespace tykpp::admin
