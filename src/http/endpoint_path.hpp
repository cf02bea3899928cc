#pragma once
#include <string_view>

#include "http/exchange.hpp"

namespace tykpp::http {

/// The paths that the pattern of an endpoint is looked for in. Views: into the exchange.
struct EndpointPath {
  std::string_view path;       ///< without the listen path, and without the version's segment
  std::string_view versioned;  ///< with the version's segment, where the path has one; else empty

  /// @param pattern  has matches(std::string_view)
  template <class Pattern>
  bool fits(const Pattern& pattern) const {
    return pattern.matches(path) || (!versioned.empty() && pattern.matches(versioned));
  }
};

/// The request's path as rules of endpoints see it: decoded, without the listen path, with a
/// leading slash. Thread: the exchange's worker.
EndpointPath endpointPath(const Exchange& exchange) noexcept;

}  // namespace tykpp::http
