#pragma once
#include <string_view>

#include "http/header_name.hpp"

namespace tykpp::upstream {

/// A header that proves who the gateway is. It replaces what the request has under its name.
/// Views: as long as the API's spec.
struct Credential {
  http::HeaderName name;
  std::string_view value;
};

}  // namespace tykpp::upstream
