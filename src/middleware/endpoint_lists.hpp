#pragma once
// What the lists of an API say about a request before anybody asks for a key: endpoints that are
// blocked, the only ones that are allowed, open to everybody, or answered here.

#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "definition/endpoint_pattern.hpp"
#include "definition/limit_rules.hpp"
#include "http/endpoint_path.hpp"

namespace tykpp::middleware {

/// Immutable. Thread: any.
class EndpointLists {
 public:
  struct Decision {
    enum class Kind : std::uint8_t { kAllowed, kIgnored, kBlocked, kReply };
    Kind kind = Kind::kAllowed;
    const definition::MadeUpReply* reply = nullptr;  ///< of kReply; lives as long as the lists
  };

  /// @error a path that cannot be compiled, at its place in the definition
  static Result<EndpointLists> compile(const definition::LimitRules& rules);
  bool empty() const noexcept { return rules_.empty() && internals_.empty(); }
  /// The first rule that has a say. Patterns are looked for in both paths.
  /// @param path       without the listen path
  /// @param full_path  with it
  Decision decide(std::string_view method, const http::EndpointPath& path,
                  std::string_view full_path) const;

 private:
  struct Internal {
    std::string method;
    definition::EndpointPattern pattern;
  };
  struct Rule {
    definition::EndpointRule rule;
    definition::EndpointPattern pattern;
  };
  std::vector<Internal> internals_;
  std::vector<Rule> rules_;
  bool only_allowed_ = false;  // there is an allow list
};

}  // namespace tykpp::middleware
