#pragma once
// Authentication methods of an API, one after the other or as a choice.

#include <memory>
#include <vector>

#include "chain/step.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"

namespace tykpp::gateway {

/// The step of an API that lets its clients choose between groups of methods.
Result<std::vector<std::unique_ptr<chain::Step>>> createAuthChoice(
    const chain::BuildContext& build);

/// A method's factory for APIs that do not.
template <auto Create>
Result<std::vector<std::unique_ptr<chain::Step>>> withoutChoice(const chain::BuildContext& build) {
  const definition::AuthRules* rules = build.api.auth.get();
  if (rules != nullptr && rules->choice()) return std::vector<std::unique_ptr<chain::Step>>{};
  return Create(build);
}

}  // namespace tykpp::gateway
