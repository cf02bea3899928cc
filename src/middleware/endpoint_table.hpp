#pragma once
// Rules of single endpoints, compiled: the first in force whose method and path match counts.

#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "definition/endpoint_pattern.hpp"
#include "definition/limit_rules.hpp"
#include "http/endpoint_path.hpp"

namespace tykpp::middleware {

/// Thread: any, once it is filled.
template <class Rule>
class EndpointTable {
 public:
  /// @error  a path that cannot be compiled, at its place in the definition
  Result<void> add(const definition::EndpointPlace& place,
                   const definition::EndpointMatching& matching, Rule rule) {
    auto pattern = definition::EndpointPattern::compile(place.path, matching);
    if (!pattern) return Error(pattern.error()).at("/path").at(place.pointer);
    entries_.push_back({place.method, std::move(*pattern), std::move(rule)});
    return {};
  }
  bool empty() const noexcept { return entries_.empty(); }
  /// Null when no rule is for the request. Method and path are those of the request as it is now,
  /// whatever goes upstream.
  const Rule* find(const http::Exchange& exchange) const {
    if (entries_.empty()) return nullptr;
    const http::EndpointPath path = http::endpointPath(exchange);
    for (const Entry& entry : entries_) {
      if (entry.method == exchange.request().method && path.fits(entry.pattern)) return &entry.rule;
    }
    return nullptr;
  }

 private:
  struct Entry {
    std::string method;
    definition::EndpointPattern pattern;
    Rule rule;
  };
  std::vector<Entry> entries_;
};

}  // namespace tykpp::middleware
