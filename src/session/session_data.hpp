#pragma once
// The whole session object, typed: what the store keeps under a key, what the admin API takes and
// answers, what policies are merged into. Plain data; members carry the names of the stored JSON
// where no comment says otherwise.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "session/access_definition.hpp"
#include "session/timestamp.hpp"

namespace tykpp::session {

/// One value of `meta_data`.
struct MetaValue {
  std::string text;     ///< a string's text, any other value's JSON text (compact, members sorted)
  bool is_text = true;  ///< whether it was a string
  bool operator==(const MetaValue&) const = default;
};

/// `meta_data`: free, by name.
using MetaData = std::map<std::string, MetaValue, std::less<>>;

/// `basic_auth_data`
struct BasicAuthData {
  std::string password;   ///< plain or hashed. Never for logs or answers
  std::string hash_type;  ///< "" plain, bcrypt, sha256, murmur32, murmur64, murmur128
  bool operator==(const BasicAuthData&) const = default;
};

/// Thread: as any value.
struct SessionData {
  std::int64_t last_check = 0;  ///< obsolete
  double allowance = 0;         ///< obsolete
  ApiLimit limit;  ///< `rate`, `per`, `smoothing`, `throttle_…`, `quota_…` of the root
  Timestamp date_created;
  std::int64_t expires = 0;    ///< unix seconds; 0 and below: never
  AccessRights access_rights;  ///< empty: every API (a master key)
  std::string org_id;
  std::string oauth_client_id;
  std::map<std::string, std::string> oauth_keys;  ///< client to token
  std::string certificate;                        ///< id of the certificate that is the key
  std::vector<std::string> mtls_static_certificate_bindings;
  BasicAuthData basic_auth_data;
  std::string jwt_secret;  ///< `jwt_data.secret`
  bool hmac_enabled = false;
  bool enable_http_signature_validation = false;
  std::string hmac_string;  ///< the secret of HMAC signatures
  std::string rsa_certificate_id;
  bool is_inactive = false;
  std::string apply_policy_id;
  std::vector<std::string> apply_policies;
  std::int64_t data_expires = 0;       ///< seconds of life of analytics records
  std::vector<double> trigger_limits;  ///< `monitor.trigger_limits`, percent of the quota
  bool enable_detail_recording = false;
  bool enable_detailed_recording = false;
  MetaData meta_data;
  std::vector<std::string> tags;
  std::string alias;
  std::string last_updated;                   ///< unix seconds as text
  std::int64_t id_extractor_deadline = 0;     ///< unix seconds
  std::int64_t session_lifetime = 0;          ///< seconds
  std::string post_expiry_action;             ///< "", `retain`, `delete`
  std::int64_t post_expiry_grace_period = 0;  ///< seconds; -1: for ever
  UnknownMembers unknown;
  bool operator==(const SessionData&) const = default;

  /// Reads a session's JSON object. null counts as absent; the last of two members of one name
  /// counts.
  /// @error kBadRequest  no JSON object, or a member of another type; where() is its JSON pointer
  static Result<SessionData> parse(std::string_view json);
  /// The stored form: one line, zero and empty members left out, unknown ones at the end.
  std::string json() const;

  /// Ids of the policies to apply, in order: `apply_policies`, else `apply_policy_id`, else none.
  std::vector<std::string> policyIds() const;
  /// The limit for an API: its access right's unless that is empty or missing, else the root's.
  /// View: into this object.
  const ApiLimit& limitFor(std::string_view api_id) const noexcept;
  /// `allowance_scope` of an API's access right, empty without one. View: into this object.
  std::string_view scopeFor(std::string_view api_id) const noexcept;
  /// Whether either recording switch is on.
  bool detailedRecording() const noexcept {
    return enable_detail_recording || enable_detailed_recording;
  }
};

}  // namespace tykpp::session
