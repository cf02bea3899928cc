#pragma once
// Versions of an API: its own (`version_data`) or other APIs (`definition.versions`), and where
// requests say which one they want. Field comments name the Classic field.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tykpp::definition {

struct ApiSpec;

/// `definition.location`
enum class VersionLocation : std::uint8_t {
  kNone,      ///< empty or unknown: no request names a version
  kHeader,    ///< `header`
  kUrlParam,  ///< `url-param`
  kUrl,       ///< `url`: the first segment behind the listen path
};

/// A version with rules of its own.
struct ApiVersion {
  std::string name;  ///< its key in `version_data.versions`
  /// The API as if this were its only version. `version_name` is set, `versioning` is null.
  std::shared_ptr<const ApiSpec> spec;
};

/// A version that is another API.
struct ChildVersion {
  std::string name;
  std::string api;  ///< its id, database id, or name as in a `tyk://` address
};

struct VersionRules {
  VersionLocation location = VersionLocation::kNone;
  std::string key;            ///< `definition.key`: of the header or parameter
  bool strip = false;         ///< `definition.strip_versioning_data` or `strip_path`
  std::string strip_pattern;  ///< `definition.url_versioning_pattern` (RE2); empty: every name
  bool fallback_to_default = false;
  /// `version_data.default_version`, or `definition.default` where versions are APIs.
  std::string default_version;

  /// Whether the versions are other APIs (`definition.enabled`).
  bool apart = false;
  std::vector<ApiVersion> versions;    ///< sorted by name; empty when `apart`
  std::string own_name;                ///< `definition.name`: of the API itself, when `apart`
  std::vector<ChildVersion> children;  ///< sorted by name; empty unless `apart`
};

/// Gives the versions of an API what they have in common with it, after the API got it. The rules
/// are replaced, not changed.
void alignVersions(ApiSpec& spec);

}  // namespace tykpp::definition
