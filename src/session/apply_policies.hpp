#pragma once
// Policies merged into a session: on creation and reading of a key, and for each request whose
// session names policies (SessionEntry keeps the outcome).

#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "session/policy_set.hpp"
#include "session/session_data.hpp"

namespace tykpp::session {

/// Merges the policies that the session names, or those inside its `meta_data.policies`, which
/// replace names and set alike. A session without policies gets allowance scopes for rights with
/// limits of their own.
/// @param session  changed in place; after an error as far as the merge came, which some callers
///                 use nevertheless
/// @param org_id   of the API in use; nothing: policies of any organisation
/// @error kNotFound   the only policy does not exist
/// @error kForbidden  a policy of another organisation, kinds that do not mix, or no right is left
Result<void> applyPolicies(SessionData& session, const PolicySet& set,
                           std::optional<std::string_view> org_id);

}  // namespace tykpp::session
