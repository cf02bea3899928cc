#pragma once
// A policy: rights and limits that many sessions share by its id. Plain data; members carry the
// names of the stored JSON.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "session/session_data.hpp"

namespace tykpp::session {

/// `partitions`: what of a policy counts. None of the first four: everything.
struct PolicyPartitions {
  bool quota = false;
  bool rate_limit = false;
  bool complexity = false;
  bool acl = false;
  bool per_api = false;  ///< limits of each access right for itself
  bool operator==(const PolicyPartitions&) const = default;
  /// Whether only parts count.
  bool any() const noexcept { return quota || rate_limit || complexity || acl; }
};

/// Thread: as any value.
struct Policy {
  std::string object_id;  ///< `_id`: the database's, used as `id` where that is empty
  std::string id;
  std::string name;
  std::string org_id;
  ApiLimit limit;  ///< `rate`, `per`, `smoothing`, `quota_max` … of the root
  std::optional<AccessRights> access_rights;
  bool hmac_enabled = false;
  bool enable_http_signature_validation = false;
  bool active = false;  ///< not enforced
  bool is_inactive = false;
  std::optional<std::vector<std::string>> tags;
  std::int64_t key_expires_in = 0;  ///< seconds, counted from a key's creation
  std::string post_expiry_action;
  std::int64_t post_expiry_grace_period = 0;
  PolicyPartitions partitions;
  std::string last_updated;
  std::optional<MetaData> meta_data;
  std::optional<MetaValue> graphql_access_rights;  ///< unused
  bool operator==(const Policy&) const = default;

  /// Reads one policy object. null counts as absent, members of other names are passed over.
  /// @error kBadRequest  as SessionData::parse()
  static Result<Policy> parse(std::string_view json);
  /// A JSON array of policies. @error as parse()
  static Result<std::vector<Policy>> parseList(std::string_view json);
  /// One line with every member, `post_expiry_action` only when it is set.
  std::string json() const;
  /// The same on several lines, as files keep it.
  std::string fileText() const;

  /// `id`, else `_id`; empty when it has neither.
  const std::string& effectiveId() const noexcept { return id.empty() ? object_id : id; }
  /// `access_rights`, without the difference between none and null.
  const AccessRights& rights() const noexcept;
};

/// Whether an id may be part of a file's name: letters, digits, `.`, `_`, `-`, `~`, and not `.` or
/// `..`.
bool isSafePolicyId(std::string_view id) noexcept;

}  // namespace tykpp::session
