#pragma once
// Takes the id out of a request that names the session a plugin made. RE2 and libxml2 stay in the
// source.

#include <memory>
#include <string>

#include "base/error.hpp"
#include "definition/auth_rules.hpp"
#include "http/exchange.hpp"

namespace tykpp::hooks {

/// Immutable. Thread: any.
class IdExtractor {
 public:
  /// @error kBadDefinition  an expression that cannot be read
  static Result<std::unique_ptr<IdExtractor>> create(const definition::IdExtractor& rules);
  ~IdExtractor();
  IdExtractor(const IdExtractor&) = delete;
  IdExtractor& operator=(const IdExtractor&) = delete;

  /// Whether the body has to be in memory.
  bool readsBody() const noexcept;
  /// @return never empty. @error kBadRequest  the request has nothing to take it from
  Result<std::string> extract(const http::Exchange& exchange) const;

 private:
  struct Expressions;
  IdExtractor(definition::IdExtractor rules, std::unique_ptr<const Expressions> expressions);
  Result<std::string> source(const http::Exchange& exchange) const;
  definition::IdExtractor rules_;
  std::unique_ptr<const Expressions> expressions_;
};

}  // namespace tykpp::hooks
