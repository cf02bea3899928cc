#pragma once
#include <map>
#include <string>
#include <string_view>

#include "session/session_data.hpp"

namespace tykpp::session {

/// Where `$secret_…` variables are looked up; null: nowhere.
struct PatternSecrets {
  using Map = std::map<std::string, std::string>;
  const Map* conf = nullptr;         ///< `secrets` of tyk.conf
  const Map* environment = nullptr;  ///< by the variable's whole name: `TYK_SECRET_NAME`
};

/// The text that counters get instead of a key's name, with its variables replaced:
/// `$tyk_meta.NAME` by the session's metadata, `$secret_conf.NAME` and `$secret_env.NAME` by
/// secrets. What has no value, variables of the request (`$tyk_context.…`) and of other secret
/// stores included, becomes nothing. Source: metadata `rate_limit_pattern`.
std::string expandPattern(std::string_view pattern, const MetaData& metadata,
                          const PatternSecrets& secrets);

}  // namespace tykpp::session
