#pragma once
// From parsed documents to an ApiSpec; shared by the parse functions, the directory loader and the
// lint command.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "definition/gateway_config.hpp"
#include "definition/impl/json_text.hpp"
#include "definition/impl/shape.hpp"

namespace tykpp::definition {

struct JwtRules;
struct UpstreamCredential;
struct VersionRules;

/// A document with its secret references replaced, as text and as a tree.
struct Source {
  std::string file;
  std::string text;
  Json json;
  std::string written;  ///< as it stands in the file, when references were replaced; else empty

  /// What may be shown: references instead of the secrets behind them.
  const std::string& shown() const noexcept { return written.empty() ? text : written; }
};

/// What every builder needs.
struct BuildSettings {
  const GatewayConfig& config;
  Unknown unknown = Unknown::kIgnore;
};

/// Replaces secret references and parses. Tells `report` what is wrong. @error as told
Result<Source> openSource(std::string_view text, const std::string& file,
                          const GatewayConfig& config, Report& report);

/// The document says that it is OpenAPI (or Swagger).
bool looksLikeOas(const Json& document);

/// The definition wants a companion file (`is_oas`).
bool wantsCompanion(const Json& document);

Result<ApiSpec> buildClassic(Source source, const BuildSettings& settings, Report& report);
Result<ApiSpec> buildOas(Source source, const BuildSettings& settings, Report& report);
/// @param oas_report  gets the problems of the companion file
Result<ApiSpec> buildPair(Source classic, Source oas, const BuildSettings& settings, Report& report,
                          Report& oas_report);

/// A 128-bit digest in hex. It tells versions of a file apart; it is no protection against somebody
/// who wants two texts to have the same one.
std::string contentChecksum(std::string_view text, std::string_view more);

/// The file's name without directories, `.json` and `-oas`.
std::string fileStem(std::string_view file);

// Parts of buildClassic, each in its own source. All of them expect applyShape to have been through
// the document.

/// Tells everything the definition asks for that this release does not do.
void checkNotBuilt(const Json& document, const GatewayConfig& config, Report& report);
/// The id extractor of a `custom_middleware`, the definition's or a bundle's; nothing when it has
/// none or none in force. Asked where a plugin authenticates.
std::optional<IdExtractor> readIdExtractor(const Json& middleware, Report& report);
/// Fills `target`, `targets`, `tls`, `proxy_url` and the flags beside them.
void readUpstream(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report);
/// Fills `ip_access` and `cors`.
void readAccessRules(const Json& document, ApiSpec& spec, Report& report);
/// Where a method finds the client's credential. @param method  a key of `auth_configs`
/// @param or_common  whether `auth` stands in for it
CredentialSource credentialSource(const Json& document, const char* method, bool or_common);
/// Fills `auth`. `use_keyless` and `custom_auth` of `spec` are set.
void readAuth(const Json& document, ApiSpec& spec, Report& report);
/// The rules of JSON Web Tokens. @return disabled ones when the definition has none
JwtRules readJwt(const Json& document, Report& report);
/// Who the gateway is to the upstream.
UpstreamCredential readUpstreamAuth(const Json& document, Report& report);
/// Completes `auth` with what no Classic definition can say. @param document  the OAS document, of
/// whatever types
void readOasAuth(const Json& document, ApiSpec& spec, Report& report);
/// Fills `listener`. `auth`, `domain` and `listen_port` of `spec` are set.
void readListener(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report);
/// Fills `limits`.
void readLimits(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report);
/// Fills `do_not_track` and `traffic`.
void readTraffic(const Json& document, ApiSpec& spec, Report& report);
/// Changes of headers, URLs and methods of one version. @param place  the version's pointer
std::shared_ptr<const TransformRules> readTransforms(const Json& document, const Json& version,
                                                     const std::string& place,
                                                     const GatewayConfig& config, Report& report);
/// Fills `cache` where answers are kept.
void readCache(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report);
/// Warns where the cache cannot tell versions apart. `cache` and `versioning` of `spec` are set.
void judgeCacheOfVersions(const ApiSpec& spec, Report& report);
/// Fills `bundle`.
void readBundle(const Json& document, ApiSpec& spec, Report& report);
/// Fills `hooks`, `driver` and `virtual_endpoints` from the definition alone. `bundle`,
/// `use_keyless` and `custom_auth` of `spec` are set.
void readHooks(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report);
/// Appends the hooks of a `custom_middleware`. `driver` of `spec` is set.
/// @param bundle  which of `spec.bundle.parts` it is of; where there are none, the definition's own
void addHooks(const Json& middleware, std::size_t bundle, const GatewayConfig& config,
              ApiSpec& spec, Report& report);
/// What there is besides: the analytics plugin, files by convention, virtual endpoints, and whether
/// somebody authenticates. @param analytics_bundle  as `bundle` above, of `analytics_plugin`
void finishHooks(const Json& document, std::size_t analytics_bundle, const GatewayConfig& config,
                 ApiSpec& spec, Report& report);
/// The version that requests to a non-versioned API get, or null.
/// @param key  gets its key in `version_data.versions`
const Json* selectedVersion(const Json& document, std::string& key, Report* report);

/// Whether the definition may have several versions (`version_data.not_versioned` is not true).
bool hasOwnVersions(const Json& document);
/// How requests choose among versions, without the versions of the definition's own; null when it
/// has no versions of either kind.
std::shared_ptr<VersionRules> readVersionRules(const Json& document, Report& report);
/// The definition as if it had one version alone, with what that version says of the target and of
/// its end in the places where an API has it. @param name  empty: a version without any rules
Json withVersion(const Json& document, std::string_view name);
using VersionReader = std::function<ApiSpec(const Json& document, Report& report)>;
/// Adds the definition's own versions to the rules. @param read  reads a definition
void readOwnVersions(const Json& document, const VersionReader& read, VersionRules& rules,
                     Report& report);

// Parts of buildOas.

/// Tells what the OAS document asks for, this release does not do and the converted definition does
/// not show.
void checkOasNotBuilt(const Json& document, Report& report);
/// The same for a companion: what has no place in a Classic definition, all there is to check when
/// that one decides.
void checkCompanion(const Json& document, Report& report);
/// Converts. The document has the extension; types were checked.
Json classicFromOas(const Json& document);
/// The place in the OAS document that a place in the converted definition came from.
std::string oasPointer(std::string_view classic_pointer);
/// Checks that the document can be converted: version, extension, types. Spells members the exact
/// way.
void checkOasDocument(Json& document, Unknown unknown, Report& report);

}  // namespace tykpp::definition
