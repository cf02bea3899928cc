#pragma once
// What a definition says about JSON Web Tokens. Field comments name the Classic field.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "definition/event_handlers.hpp"

namespace tykpp::definition {

/// Algorithms that a definition allows: one family, whatever a token says of itself.
enum class JwtFamily : std::uint8_t {
  kHmac,   ///< HS256, HS384, HS512
  kRsa,    ///< RS… and PS…
  kEcdsa,  ///< ES…
};

/// A key set that is fetched.
struct KeySetUri {
  std::string url;
  std::optional<std::chrono::seconds> cache_timeout;  ///< nothing: the gateway's
};

/// An entry of `customClaimValidation` (OAS).
struct ClaimRule {
  enum class Kind : std::uint8_t { kRequired, kExactMatch, kContains };
  std::string path;  ///< members joined by dots
  Kind kind = Kind::kRequired;
  std::string allowed = "[]";  ///< JSON text of the list of values
  bool non_blocking = false;   ///< a miss is logged, nothing more
};

/// `enable_jwt`, `jwt_…`, `auth_configs.jwt`, `scopes.jwt`, and what the OAS document adds.
struct JwtRules {
  bool enabled = false;
  CredentialSource source;
  JwtFamily family = JwtFamily::kHmac;  ///< `jwt_signing_method`
  std::vector<KeySetUri> key_sets;      ///< `jwt_jwks_uris`, else `jwt_source` when it is a URL
  std::string key;                      ///< `jwt_source` decoded: a secret or PEM text
  bool central = false;                 ///< a source is named: not each session has its own secret
  bool context_claims = false;          ///< `enable_context_vars`: claims become variables

  /// Claims that may name the user: `jwt_identity_base_field`, or `subjectClaims`.
  std::vector<std::string> identity_claims;
  std::vector<std::string> policy_claims;     ///< `jwt_policy_field_name`, or `basePolicyClaims`
  std::string client_claim;                   ///< `jwt_client_base_field`
  std::vector<std::string> default_policies;  ///< `jwt_default_policies`
  bool skip_kid = false;                      ///< `jwt_skip_kid`
  bool client_mapping_disabled = false;       ///< `idp_client_id_mapping_disabled`
  std::int64_t issued_at_skew = 0;            ///< seconds, as the two below
  std::int64_t expires_at_skew = 0;
  std::int64_t not_before_skew = 0;
  std::vector<std::string> scope_claims;  ///< the first that a token has counts; empty: `scope`
  std::map<std::string, std::string, std::less<>> scope_to_policy;

  // The OAS document's alone.
  bool oas = false;
  std::vector<std::string> allowed_issuers;
  std::vector<std::string> allowed_audiences;
  std::vector<std::string> allowed_subjects;
  bool jti_required = false;
  std::vector<ClaimRule> claim_rules;  ///< in the order of their paths
};

}  // namespace tykpp::definition
