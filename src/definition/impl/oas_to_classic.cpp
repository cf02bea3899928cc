// The conversion of OAS documents. An absent section is a disabled one and says so in the result.

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/impl/event_reader.hpp"
#include "definition/impl/oas_members.hpp"
#include "definition/impl/oas_operations.hpp"
#include "definition/impl/oas_security.hpp"
#include "definition/impl/oas_shape.hpp"
#include "definition/readable_duration.hpp"

namespace tykpp::definition {
namespace {

/// A weight beyond this is cut: each unit is an entry of the target list.
constexpr std::int64_t kMaxWeight = 1'000;

/// The object at a path, or an empty one.
const Json& section(const Json& from, std::string_view path) {
  static const Json kEmpty = Json::object();
  const Json* found = memberAt(from, path);
  return found != nullptr && found->is_object() ? *found : kEmpty;
}

bool enabled(const Json& from, std::string_view path) {
  return flagOf(section(from, path), "enabled");
}

/// The member's value, or `otherwise`.
Json valueOr(const Json& from, std::string_view name, Json otherwise) {
  const Json* found = member(from, name);
  return found == nullptr ? std::move(otherwise) : *found;
}

void convertInfo(const Json& extension, Json& out) {
  constexpr Rename kNames[] = {{"id", "api_id"},
                               {"dbId", "id"},
                               {"orgId", "org_id"},
                               {"name", "name"},
                               {"expiration", "expiration"}};
  const Json& info = section(extension, "info");
  copyMembers(info, kNames, out);
  out["active"] = flagOf(section(info, "state"), "active");
  out["internal"] = flagOf(section(info, "state"), "internal");
  out["is_oas"] = true;
}

Json convertPlugin(const Json& from) {
  constexpr Rename kNames[] = {{"functionName", "name"},
                               {"path", "path"},
                               {"code", "code"},
                               {"rawBodyOnly", "raw_body_only"},
                               {"requireSession", "require_session"},
                               {"driver", "driver"},
                               {"timeoutMs", "timeout_ms"},
                               {"onError", "on_error"},
                               {"grpcServer", "grpc_server"},
                               {"isolate", "isolate"}};
  Json out = Json::object();
  copyMembers(from, kNames, out);
  out["disabled"] = !flagOf(from, "enabled");
  return out;
}

void convertExtractor(const Json& config, Json& middleware) {
  constexpr Rename kNames[] = {{"headerName", "header_name"},
                               {"formParamName", "param_name"},
                               {"regexp", "regex_expression"},
                               {"regexpMatchIndex", "regex_match_index"},
                               {"xPathExp", "xpath_expression"}};
  const Json& from = section(config, "idExtractor");
  Json out = {{"disabled", !flagOf(from, "enabled")},
              {"extract_from", std::string(textOf(from, "source"))},
              {"extract_with", std::string(textOf(from, "with"))}};
  out["extractor_config"] = Json::object();
  copyMembers(section(from, "config"), kNames, out["extractor_config"]);
  middleware["id_extractor"] = std::move(out);
}

void convertAuthentication(const Json& extension, Json& out) {
  const Json& from = section(extension, "server/authentication");
  out["use_keyless"] = !flagOf(from, "enabled");
  out["strip_auth_data"] = flagOf(from, "stripAuthorizationData");
  out["base_identity_provided_by"] = std::string(textOf(from, "baseIdentityProvider"));
  const Json& custom = section(from, "custom");
  out["custom_plugin_auth_enabled"] = flagOf(custom, "enabled");
  if (member(from, "custom") != nullptr) out["auth_configs"]["coprocess"] = authSources(custom);
  const Json& config = section(custom, "config");
  out["custom_middleware"]["auth_check"] = convertPlugin(config);
  convertExtractor(config, out["custom_middleware"]);
  const Json& lifetime = section(from, "customKeyLifetime");
  const auto value = parseDuration(textOf(lifetime, "value"));
  out["session_lifetime"] =
      flagOf(lifetime, "enabled") && value ? value->count() / 1'000'000'000 : std::int64_t{0};
  out["session_lifetime_respects_key_expiration"] = flagOf(lifetime, "respectValidity");
}

void convertServer(const Json& extension, Json& out) {
  const Json& from = section(extension, "server");
  const Json& listen_path = section(from, "listenPath");
  out["proxy"]["listen_path"] = std::string(textOf(listen_path, "value"));
  out["proxy"]["strip_listen_path"] = flagOf(listen_path, "strip");
  out["protocol"] = std::string(textOf(from, "protocol"));
  out["listen_port"] = valueOr(from, "port", 0);
  out["use_mutual_tls_auth"] = enabled(from, "clientCertificates");
  out["client_certificates"] =
      valueOr(section(from, "clientCertificates"), "allowlist", Json::array());
  out["tags_disabled"] = !enabled(from, "gatewayTags");
  out["tags"] = valueOr(section(from, "gatewayTags"), "tags", Json::array());
  const Json& domain = section(from, "customDomain");
  out["domain_disabled"] = !flagOf(domain, "enabled");
  out["domain"] = std::string(textOf(domain, "name"));
  out["certificates"] = valueOr(domain, "certificates", Json::array());
  out["enable_detailed_recording"] = enabled(from, "detailedActivityLogs");
  out["detailed_tracing"] = enabled(from, "detailedTracing");
  const Json& addresses = section(from, "ipAccessControl");
  out["ip_access_control_disabled"] = !flagOf(addresses, "enabled");
  out["allowed_ips"] = valueOr(addresses, "allow", Json::array());
  out["blacklisted_ips"] = valueOr(addresses, "block", Json::array());
  out["enable_batch_request_support"] = enabled(from, "batchProcessing");
  out["event_handlers"] = classicEventHandlers(from);
  convertAuthentication(extension, out);
}

int tlsVersion(std::string_view text) {
  constexpr std::array<std::string_view, 4> kVersions{"1.0", "1.1", "1.2", "1.3"};
  const auto* found = std::find(kVersions.begin(), kVersions.end(), text);
  return found == kVersions.end() ? 0 : 769 + static_cast<int>(found - kVersions.begin());
}

void convertBalancing(const Json& from, Json& proxy) {
  const Json* targets = filled(from, "targets");
  const bool on = flagOf(from, "enabled") && targets != nullptr;
  proxy["enable_load_balancing"] = on;
  proxy["check_host_against_uptime_tests"] = on && flagOf(from, "skipUnavailableHosts");
  Json list = Json::array();
  if (targets != nullptr && targets->is_array()) {
    for (const Json& target : *targets) {
      const Json* weight = member(target, "weight");
      const std::int64_t given =
          weight != nullptr && weight->is_number_integer() ? weight->get<std::int64_t>() : 0;
      for (std::int64_t i = 0; i < std::min(given, kMaxWeight); ++i)
        list.push_back(std::string(textOf(target, "url")));
    }
  }
  proxy["target_list"] = std::move(list);
}

void convertSigning(const Json& from, Json& out) {
  constexpr Rename kNames[] = {
      {"enabled", "is_enabled"},          {"signatureHeader", "signature_header"},
      {"algorithm", "algorithm"},         {"keyId", "key_id"},
      {"headers", "header_list"},         {"secret", "secret"},
      {"certificateId", "certificate_id"}};
  if (from.empty()) return;
  out["request_signing"] = Json::object();
  copyMembers(from, kNames, out["request_signing"]);
}

void convertUpstreamAuth(const Json& from, Json& out) {
  constexpr Rename kNames[] = {
      {"enabled", "enabled"}, {"basicAuth", "basic_auth"}, {"oauth", "oauth"}};
  if (from.empty()) return;
  out["upstream_auth"] = Json::object();
  copyMembers(from, kNames, out["upstream_auth"]);
}

void convertUpstream(const Json& extension, Json& out) {
  const Json& from = section(extension, "upstream");
  Json& proxy = out["proxy"];
  proxy["target_url"] = std::string(textOf(from, "url"));
  convertBalancing(section(from, "loadBalancing"), proxy);
  proxy["preserve_host_header"] = enabled(from, "preserveHostHeader");
  proxy["disable_strip_slash"] = enabled(from, "preserveTrailingSlash");
  const Json& tls = section(from, "tlsTransport");
  proxy["transport"] = {{"ssl_insecure_skip_verify", flagOf(tls, "insecureSkipVerify")},
                        {"ssl_ciphers", valueOr(tls, "ciphers", Json::array())},
                        {"ssl_min_version", tlsVersion(textOf(tls, "minVersion"))},
                        {"ssl_max_version", tlsVersion(textOf(tls, "maxVersion"))},
                        {"ssl_force_common_name_check", flagOf(tls, "forceCommonNameCheck")},
                        // The reference takes the address whether or not the section is enabled.
                        {"proxy_url", std::string(textOf(section(from, "proxy"), "url"))}};
  proxy["service_discovery"] = {{"use_discovery_service", false}, {"cache_disabled", true}};
  const Json& mutual = section(from, "mutualTLS");
  out["upstream_certificates_disabled"] = !flagOf(mutual, "enabled");
  out["upstream_certificates"] = Json::object();
  if (const Json* entries = filled(mutual, "domainToCertificateMapping"); entries != nullptr) {
    for (const Json& entry : *entries) {
      out["upstream_certificates"][std::string(textOf(entry, "domain"))] =
          std::string(textOf(entry, "certificate"));
    }
  }
  const Json& pinning = section(from, "certificatePinning");
  out["certificate_pinning_disabled"] = !flagOf(pinning, "enabled");
  out["pinned_public_keys"] = Json::object();
  if (const Json* entries = filled(pinning, "domainToPublicKeysMapping"); entries != nullptr) {
    for (const Json& entry : *entries) {
      std::string keys;
      for (const Json& key : valueOr(entry, "publicKeys", Json::array())) {
        if (key.is_string()) keys += (keys.empty() ? "" : ",") + key.get<std::string>();
      }
      out["pinned_public_keys"][std::string(textOf(entry, "domain"))] = keys;
    }
  }
  convertSigning(section(from, "authentication/requestSigning"), out);
  convertUpstreamAuth(section(from, "authentication"), out);
  const Json& rate = section(from, "rateLimit");
  const auto per = parseDuration(textOf(rate, "per"));
  const Json count = valueOr(rate, "rate", 0);
  const bool limited = flagOf(rate, "enabled") && per && per->count() > 0 && count.is_number() &&
                       count.get<double>() > 0;
  out["global_rate_limit"] = {{"disabled", !limited},
                              {"rate", count},
                              {"per", per ? static_cast<double>(per->count()) / 1e9 : 0.0}};
}

/// A list of plugins, or the deprecated object with a list in it.
Json convertPlugins(const Json& global, const char* list, const char* old) {
  Json out = Json::array();
  const Json* found = member(global, list);
  if (found == nullptr) found = member(section(global, old), "plugins");
  if (found == nullptr || !found->is_array()) return out;
  for (const Json& entry : *found) out.push_back(convertPlugin(entry));
  return out;
}

void convertTraffic(const Json& global, Json& out) {
  const Json& from = section(global, "trafficLogs");
  out["do_not_track"] = !flagOf(from, "enabled");
  // Written in any letters here, in lower case there.
  out["tag_headers"] = Json::array();
  for (const Json& name : valueOr(from, "tagHeaders", Json::array())) {
    if (name.is_string()) out["tag_headers"].push_back(lowered(name.get<std::string>()));
  }
  const auto retention = parseDuration(textOf(from, "customRetentionPeriod"));
  out["expire_analytics_after"] = retention ? retention->count() / 1'000'000'000 : std::int64_t{0};
  const Json* plugins = filled(from, "plugins");
  if (plugins == nullptr || !plugins->is_array()) return;
  constexpr Rename kNames[] = {{"functionName", "func_name"}, {"path", "plugin_path"},
                               {"driver", "driver"},          {"timeoutMs", "timeout_ms"},
                               {"onError", "on_error"},       {"isolate", "isolate"}};
  Json plugin = Json::object();
  copyMembers((*plugins)[0], kNames, plugin);
  plugin["enable"] = flagOf((*plugins)[0], "enabled");
  out["analytics_plugin"] = std::move(plugin);
}

void convertCorsAndCache(const Json& global, Json& out) {
  constexpr Rename kCors[] = {{"enabled", "enable"},
                              {"maxAge", "max_age"},
                              {"allowCredentials", "allow_credentials"},
                              {"exposedHeaders", "exposed_headers"},
                              {"allowedHeaders", "allowed_headers"},
                              {"optionsPassthrough", "options_passthrough"},
                              {"debug", "debug"},
                              {"allowedOrigins", "allowed_origins"},
                              {"allowedMethods", "allowed_methods"}};
  constexpr Rename kCache[] = {{"enabled", "enable_cache"},
                               {"timeout", "cache_timeout"},
                               {"cacheAllSafeRequests", "cache_all_safe_requests"},
                               {"cacheResponseCodes", "cache_response_codes"},
                               {"cacheByHeaders", "cache_by_headers"},
                               {"enableUpstreamCacheControl", "enable_upstream_cache_control"},
                               {"controlTTLHeaderName", "cache_control_ttl_header"}};
  out["CORS"] = {{"enable", false}};
  copyMembers(section(global, "cors"), kCors, out["CORS"]);
  out["cache_options"] = {{"enable_cache", false}};
  copyMembers(section(global, "cache"), kCache, out["cache_options"]);
}

void convertGlobal(const Json& extension, Json& out) {
  const Json& global = section(extension, "middleware/global");
  Json& middleware = out["custom_middleware"];
  const Json& plugin_config = section(global, "pluginConfig");
  middleware["driver"] = std::string(textOf(plugin_config, "driver"));
  if (const std::string_view server = textOf(plugin_config, "grpcServer"); !server.empty()) {
    middleware["grpc_server"] = std::string(server);
  }
  middleware["pre"] = convertPlugins(global, "prePlugins", "prePlugin");
  middleware["post_key_auth"] =
      convertPlugins(global, "postAuthenticationPlugins", "postAuthenticationPlugin");
  middleware["post"] = convertPlugins(global, "postPlugins", "postPlugin");
  middleware["response"] = convertPlugins(global, "responsePlugins", "responsePlugin");
  const Json& bundle = section(global, "pluginConfig/bundle");
  out["custom_middleware_bundle_disabled"] = !flagOf(bundle, "enabled");
  out["custom_middleware_bundle"] = std::string(textOf(bundle, "path"));
  const Json& data = section(global, "pluginConfig/data");
  out["config_data_disabled"] = !flagOf(data, "enabled");
  out["config_data"] = valueOr(data, "value", Json::object());
  convertCorsAndCache(global, out);
  convertTraffic(global, out);
  out["enable_context_vars"] = enabled(global, "contextVariables");
  out["disable_rate_limit"] = flagOf(global, "skipRateLimit");
  out["disable_quota"] = flagOf(global, "skipQuota");
  out["dont_set_quota_on_create"] = flagOf(global, "skipQuotaReset");
}

void convertHeaders(const Json& global, const char* name, const std::string& field, Json& version) {
  const Json& from = section(global, name);
  version[field + "_disabled"] = !flagOf(from, "enabled");
  version[field + "_remove"] = valueOr(from, "remove", Json::array());
  version[field] = Json::object();
  if (const Json* add = filled(from, "add"); add != nullptr) {
    for (const Json& header : *add)
      version[field][std::string(textOf(header, "name"))] = std::string(textOf(header, "value"));
  }
}

void convertVersioning(const Json& extension, Json& out) {
  constexpr Rename kNames[] = {{"name", "name"},
                               {"default", "default"},
                               {"stripVersioningData", "strip_versioning_data"},
                               {"urlVersioningPattern", "url_versioning_pattern"},
                               {"fallbackToDefault", "fallback_to_default"}};
  const Json& from = section(extension, "info/versioning");
  Json definition = {{"enabled", flagOf(from, "enabled")},
                     {"location", std::string(textOf(from, "location"))},
                     {"key", std::string(textOf(from, "key"))}};
  copyMembers(from, kNames, definition);
  if (const Json* versions = filled(from, "versions"); versions != nullptr) {
    for (const Json& version : *versions) {
      definition["versions"][std::string(textOf(version, "name"))] =
          std::string(textOf(version, "id"));
    }
  }
  out["definition"] = std::move(definition);
}

void convertVersion(const Json& extension, Json& out) {
  const Json& global = section(extension, "middleware/global");
  Json version = {{"name", ""},
                  {"expires", ""},
                  {"use_extended_paths", true},
                  {"extended_paths", Json::object()}};
  convertHeaders(global, "transformRequestHeaders", "global_headers", version);
  convertHeaders(global, "transformResponseHeaders", "global_response_headers", version);
  const Json& size = section(global, "requestSizeLimit");
  const Json limit = valueOr(size, "value", 0);
  version["global_size_limit"] = limit;
  version["global_size_limit_disabled"] = !flagOf(size, "enabled") || limit == 0;
  version["ignore_endpoint_case"] = enabled(global, "ignoreCase");
  const Json& timeout = section(extension, "upstream/enforceTimeout");
  const auto duration = parseDuration(textOf(timeout, "duration"));
  version["global_enforce_timeout"] = std::string(textOf(timeout, "duration"));
  version["global_enforce_timeout_disabled"] =
      !flagOf(timeout, "enabled") || !duration || duration->count() == 0;
  out["version_data"] = {{"not_versioned", true}, {"default_version", ""}};
  out["version_data"]["versions"][""] = std::move(version);
  convertVersioning(extension, out);
}

}  // namespace

Json classicFromOas(const Json& document) {
  const Json& extension = section(document, kExtension);
  Json out = Json::object();
  convertInfo(extension, out);
  convertServer(extension, out);
  convertSecurity(document, out);
  convertUpstream(extension, out);
  convertGlobal(extension, out);
  convertVersion(extension, out);
  convertOperations(document, extension, out["version_data"]["versions"][""]);
  return out;
}

}  // namespace tykpp::definition
