// Which answers one version of a Classic definition has kept.

#include <algorithm>

#include "base/ascii.hpp"
#include "definition/cache_rules.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/impl/endpoint_entries.hpp"
#include "definition/version_rules.hpp"

namespace tykpp::definition {
namespace {

constexpr std::string_view kTtlHeader = "x-tyk-cache-action-set-ttl";
/// Ten years: nobody means more, and the end stays a number that every reader of it can hold.
constexpr std::int64_t kLongest = 10LL * 365 * 24 * 3600;

std::vector<std::uint16_t> codesOf(const Json& from) {
  std::vector<std::uint16_t> codes;
  const Json* list = filled(from, "cache_response_codes");
  if (list == nullptr || !list->is_array()) return codes;
  for (const Json& entry : *list) {
    if (!entry.is_number_integer()) continue;
    // A number that is no status is kept as one that never comes: the list is not empty then.
    const auto code = entry.get<std::int64_t>();
    codes.push_back(code >= 100 && code <= 999 ? static_cast<std::uint16_t>(code) : 0);
  }
  return codes;
}

std::int64_t cacheSeconds(const Json& from, std::string_view name) {
  return std::clamp<std::int64_t>(integerOf(from, name), 0, kLongest);
}

/// The plain list: patterns for methods that change nothing.
void readPatterns(const Json& version, const std::string& place, CacheRules& rules) {
  const Json* patterns = memberAt(version, "extended_paths/cache");
  if (patterns == nullptr || !patterns->is_array()) return;
  std::size_t index = 0;
  for (const Json& pattern : *patterns) {
    EndpointCache entry;
    entry.place.pointer = pointerTo(place + "/extended_paths/cache", index++);
    if (!pattern.is_string()) continue;
    entry.place.path = pattern.get<std::string>();
    entry.safe_methods = true;
    rules.endpoints.push_back(std::move(entry));
  }
}

void readEntries(const Json& version, const std::string& place, CacheRules& rules, Report& report) {
  forEachListed(
      version, place, "advance_cache_config", [&](const Json& from, EndpointPlace endpoint) {
        EndpointCache entry;
        if (const std::string_view text = textOf(from, "cache_key_regex"); !text.empty()) {
          auto compiled = BodyPattern::compile(text);
          if (compiled) {
            entry.key_pattern = std::move(*compiled);
          } else {
            report.error(endpoint.pointer + "/cache_key_regex", compiled.error().message());
          }
        }
        entry.codes = codesOf(from);
        entry.timeout = cacheSeconds(from, "timeout");
        entry.place = std::move(endpoint);
        rules.endpoints.push_back(std::move(entry));
      });
}

/// Says so when nothing can be kept although it was asked for.
void judgeTimeouts(const CacheRules& rules, Report& report) {
  if (rules.timeout > 0 || rules.upstream_control) return;
  const bool kept = std::any_of(rules.endpoints.begin(), rules.endpoints.end(),
                                [](const EndpointCache& entry) { return entry.timeout > 0; });
  if (!kept) report.warn("/cache_options/cache_timeout", "is 0: no answer is kept");
}

}  // namespace

void readCache(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report) {
  const Json* options = member(document, "cache_options");
  if (options == nullptr || !flagOf(*options, "enable_cache")) return;
  auto rules = std::make_shared<CacheRules>();
  rules->matching.prefix = config.http_server_options.enable_path_prefix_matching;
  rules->matching.suffix = config.http_server_options.enable_path_suffix_matching;
  rules->timeout = cacheSeconds(*options, "cache_timeout");
  rules->all_safe_requests = flagOf(*options, "cache_all_safe_requests");
  rules->codes = codesOf(*options);
  rules->by_headers = textsOf(*options, "cache_by_headers");
  rules->upstream_control = flagOf(*options, "enable_upstream_cache_control");
  rules->ttl_header = textOf(*options, "cache_control_ttl_header");
  if (rules->ttl_header.empty()) rules->ttl_header = kTtlHeader;
  std::string key;
  const Json* version = selectedVersion(document, key, nullptr);
  if (version != nullptr && flagOf(*version, "use_extended_paths")) {
    const std::string place = pointerTo("/version_data/versions", key);
    readPatterns(*version, place, *rules);
    readEntries(*version, place, *rules, report);
  }
  judgeTimeouts(*rules, report);
  spec.cache = std::move(rules);
}

void judgeCacheOfVersions(const ApiSpec& spec, Report& report) {
  const VersionRules* versions = spec.versioning.get();
  if (spec.cache == nullptr || versions == nullptr || versions->apart) return;
  if (versions->location != VersionLocation::kHeader || versions->versions.size() < 2) return;
  const auto& names = spec.cache->by_headers;
  const bool told_apart = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return equalsIgnoreCase(name, versions->key);
  });
  if (told_apart) return;
  report.warn("/cache_options/cache_by_headers",
              "does not name " + versions->key +
                  ": an answer that was kept for one version is given to requests for another");
}

}  // namespace tykpp::definition
