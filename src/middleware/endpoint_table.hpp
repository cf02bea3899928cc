#pragma once
// Rules of single endpoints, compiled: the first in force whose method and path match counts.

#include <string>
#include <string_view>
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
    return findIf(exchange, [](const Rule&, std::string_view wanted, std::string_view method) {
      return wanted == method;
    });
  }
  /// The same where rules say for themselves which methods they are for.
  /// @param concerns  gets the rule, the method at its place and the request's
  template <class Concerns>
  const Rule* findIf(const http::Exchange& exchange, const Concerns& concerns) const {
    if (entries_.empty()) return nullptr;
    const http::EndpointPath path = http::endpointPath(exchange);
    for (const Entry& entry : entries_) {
      if (concerns(entry.rule, entry.method, exchange.request().method) && path.fits(entry.pattern))
        return &entry.rule;
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
