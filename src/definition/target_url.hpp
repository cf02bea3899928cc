#pragma once
// Addresses of upstreams.

#include <string_view>

#include "base/error.hpp"
#include "definition/api_spec.hpp"

namespace tykpp::definition {

/// Parses an absolute URL: `http://host[:port][/path][?query]`; a fragment and user data are
/// dropped. Bytes that may not stand in a request line are percent-encoded in `raw_path` and
/// `query`.
/// @error  kBadDefinition with the reason
Result<TargetUrl> parseTargetUrl(std::string_view text);

/// The same for an element of a target list: one without a scheme gets `protocol` (empty: http).
Result<TargetUrl> parseListTarget(std::string_view text, std::string_view protocol);

}  // namespace tykpp::definition
