#pragma once
// The identity behind a request, as an auth step or plugin left it in the exchange: parsed once
// from the JSON of the stored session, immutable afterwards. Shared by the exchange and, for a
// deferred hook, the plugin's copy of it.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace tykpp::session {

/// Thread: any; it does not change.
class SessionState {
 public:
  /// Reads a session's JSON object; names as the session store has them (`alias`, `meta_data`,
  /// `is_inactive` …).
  /// @param token  the key it belongs to; may be empty
  /// @error kBadRequest  no JSON object, or a field of another type; where() is the field's JSON
  /// pointer
  /// @error kNotBuilt    a field asks for limits or rights that this release does not enforce;
  /// where() names it
  static Result<SessionState> parse(std::string_view json, std::string_view token);

  /// The key the client is known by.
  const std::string& token() const noexcept { return token_; }
  /// The JSON text as it was given, for plugins.
  const std::string& json() const noexcept { return json_; }
  /// `expires`: unix seconds; 0 and below: never.
  std::int64_t expires() const noexcept { return expires_; }
  /// `is_inactive`
  bool inactive() const noexcept { return inactive_; }
  /// `org_id`
  const std::string& orgId() const noexcept { return org_id_; }
  /// `alias`
  const std::string& alias() const noexcept { return alias_; }
  /// `tags`
  const std::vector<std::string>& tags() const noexcept { return tags_; }
  /// `meta_data`: name and value in the order of the names; values that are no text stay JSON text.
  const std::vector<std::pair<std::string, std::string>>& metadata() const noexcept {
    return metadata_;
  }

  /// Whether the key's last second has begun by then.
  bool expiredAt(std::int64_t unix_seconds) const noexcept {
    return expires_ >= 1 && expires_ <= unix_seconds;
  }

 private:
  std::string token_;
  std::string json_;
  std::int64_t expires_ = 0;
  bool inactive_ = false;
  std::string org_id_;
  std::string alias_;
  std::vector<std::string> tags_;
  std::vector<std::pair<std::string, std::string>> metadata_;
};

}  // namespace tykpp::session
