// What Classic definitions may ask for and this release does not do. Each is an error: an API that
// is served without something its owner asked for (access control, above all) is worse than one
// that is not served.

#include <algorithm>
#include <string>

#include "base/ascii.hpp"
#include "definition/impl/definition_builder.hpp"

namespace tykpp::definition {
namespace {

struct Switch {
  std::string_view path;  ///< of a boolean member
  std::string_view what;
};

/// On for every API that sets them.
constexpr Switch kSwitches[] = {
    {"enable_proxy_protocol", "the PROXY protocol"},
    {"graphql/enabled", "GraphQL"},
    {"enable_batch_request_support", "batch requests"},
    {"proxy/service_discovery/use_discovery_service", "service discovery"},
    {"proxy/check_host_against_uptime_tests", "skipping hosts by uptime tests"},
};

/// Count only when the API is not keyless.
constexpr Switch kAuthMethods[] = {
    {"use_openid", "OpenID Connect authentication"},
    {"external_oauth/enabled", "external OAuth authentication"},
};

/// Response processors that only switch on what other fields configure; those fields are judged by
/// themselves.
constexpr std::string_view kPassiveProcessors[] = {
    "header_injector",    "response_body_transform", "response_body_transform_jq",
    "custom_mw_res_hook", "custom_mw_js_res_hook",   "goplugin_res_hook"};

/// Lists of endpoints that are built.
constexpr std::string_view kBuiltLists[] = {"cache",
                                            "advance_cache_config",
                                            "virtual",
                                            "go_plugin",
                                            "mock_response",
                                            "ignored",
                                            "black_list",
                                            "white_list",
                                            "internal",
                                            "rate_limit",
                                            "size_limits",
                                            "track_endpoints",
                                            "do_not_track_endpoints",
                                            "transform_headers",
                                            "transform_response_headers",
                                            "url_rewrites",
                                            "method_transforms"};

std::string pointerOf(std::string_view path) { return "/" + std::string(path); }

void checkSwitches(const Json& document, std::span<const Switch> switches, Report& report) {
  for (const Switch& entry : switches) {
    const Json* value = memberAt(document, entry.path);
    if (value != nullptr && value->is_boolean() && value->get<bool>()) {
      report.notBuilt(pointerOf(entry.path), entry.what);
    }
  }
}

void checkAuth(const Json& document, Report& report) {
  if (flagOf(document, "use_keyless")) return;
  checkSwitches(document, kAuthMethods, report);
  for (const char* provider : {"auth_provider", "session_provider"}) {
    const Json* value = member(document, provider);
    if (value == nullptr) continue;
    const std::string_view engine = textOf(*value, "storage_engine");
    if (!engine.empty() && engine != "redis") {
      report.notBuilt(pointerOf(provider) + "/storage_engine",
                      "the storage engine " + std::string(engine));
    }
  }
}

void checkListener(const Json& document, Report& report) {
  if (equalsIgnoreCase(textOf(document, "application_protocol"), "mcp")) {
    report.notBuilt("/application_protocol", "MCP");
  }
}

void checkObservers(const Json& document, Report& report) {
  const Json* uptime = member(document, "uptime_tests");
  if (uptime != nullptr && filled(*uptime, "check_list") != nullptr &&
      !flagOf(*uptime, "disabled")) {
    report.notBuilt("/uptime_tests/check_list", "uptime tests");
  }
  if (filled(document, "error_overrides") != nullptr &&
      !flagOf(document, "error_overrides_disabled")) {
    report.notBuilt("/error_overrides", "replacing error answers");
  }
}

void checkProcessors(const Json& document, Report& report) {
  const Json* processors = member(document, "response_processors");
  if (processors == nullptr || !processors->is_array()) return;
  std::size_t index = 0;
  for (const Json& processor : *processors) {
    const std::string place = pointerTo("/response_processors", index++);
    const std::string_view name = textOf(processor, "name");
    bool passive = false;
    for (const std::string_view known : kPassiveProcessors) passive = passive || name == known;
    const bool configured = name != "header_injector" && filled(processor, "options") != nullptr;
    if (name == "header_transform" || (passive && configured)) {
      report.notBuilt(place,
                      "the response processor " + std::string(name) + " with options of its own");
    } else if (!passive) {
      report.warn(place, "No such processor: " + std::string(name));
    }
  }
}

/// An entry of a rule list is in force.
bool inForce(const Json& entry, std::string_view list) {
  if (list == "validate_request") return flagOf(entry, "enabled");
  return !flagOf(entry, "disabled");
}

void checkEndpoints(const Json& version, const std::string& place, Report& report) {
  if (!flagOf(version, "use_extended_paths")) return;
  const Json* lists = member(version, "extended_paths");
  if (lists == nullptr || !lists->is_object()) return;
  for (const auto& [list, entries] : lists->items()) {
    if (!entries.is_array() || std::ranges::count(kBuiltLists, list) > 0) continue;
    std::size_t index = 0;
    for (const Json& entry : entries) {
      const std::string at = pointerTo(pointerTo(place + "/extended_paths", list), index++);
      if (inForce(entry, list)) report.notBuilt(at, "the endpoint rule " + list);
    }
  }
}

}  // namespace

const Json* selectedVersion(const Json& document, std::string& key, Report* report) {
  const Json* versions = memberAt(document, "version_data/versions");
  if (versions != nullptr && versions->is_object() && versions->size() == 1) {
    key = versions->begin().key();
    return &*versions->begin();
  }
  const Json* found = nullptr;
  for (const char* name : {"Default", "default", ""}) {
    const Json* version = versions == nullptr ? nullptr : member(*versions, name);
    if (version == nullptr) continue;
    if (found != nullptr) {
      if (report != nullptr) {
        report->error("/version_data/versions",
                      "Ambiguous default API version for this non-versioned API");
      }
      return nullptr;
    }
    found = version;
    key = name;
  }
  if (found == nullptr && report != nullptr) {
    report->error("/version_data/versions",
                  "No default API version for this non-versioned API found");
  }
  return found;
}

void checkNotBuilt(const Json& document, const GatewayConfig&, Report& report) {
  checkSwitches(document, kSwitches, report);
  checkAuth(document, report);
  checkListener(document, report);
  checkObservers(document, report);
  checkProcessors(document, report);
  std::string key;
  if (const Json* version = selectedVersion(document, key, &report); version != nullptr) {
    checkEndpoints(*version, pointerTo("/version_data/versions", key), report);
  }
}

}  // namespace tykpp::definition
