#include "definition/config_keys.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "definition/impl/config_values.hpp"

namespace tykpp::definition {
namespace {

TEST(ConfigKeys, HaveTheVariablesOfTheExceptionTable) {
  const struct {
    const char* key;
    const char* env;
  } kCases[] = {
      {"listen_port", "LISTENPORT"},
      {"http_server_options.read_timeout", "HTTPSERVEROPTIONS_READTIMEOUT"},
      {"ports_whitelist", "PORTWHITELIST"},
      {"disable_ports_whitelist", "DISABLEPORTWHITELIST"},
      {"tracing.enabled", "TRACER_ENABLED"},
      {"oas_config.validate_examples", "OAS_VALIDATEEXAMPLES"},
      {"http_server_options.ssl_ciphers", "HTTPSERVEROPTIONS_CIPHERS"},
      {"suppress_default_org_store", "SUPRESSDEFAULTORGSTORE"},
      {"enable_separate_analytics_store", "ENABLESEPERATEANALYTICSSTORE"},
      {"enable_separate_cache_store", "ENABLESEPERATECACHESTORE"},
      {"security.certificates.apis", "SECURITY_CERTIFICATES_API"},
      {"security.certificates.dashboard_api", "SECURITY_CERTIFICATES_DASHBOARD"},
      {"analytics_config.geo_ip_db_path", "ANALYTICSCONFIG_GEOIPDBLOCATION"},
      {"analytics_config.normalise_urls.custom_patterns", "ANALYTICSCONFIG_NORMALISEURLS_CUSTOM"},
      {"storage.optimisation_max_idle", "STORAGE_MAXIDLE"},
      {"cache_storage.optimisation_max_active", "CACHESTORAGE_MAXACTIVE"},
      {"oauth_refresh_token_expire", "OAUTHREFRESHEXPIRE"},
      {"enable_http_profiler", "HTTPPROFILE"},
      {"local_session_cache.disable_cached_session_state",
       "LOCALSESSIONCACHE_DISABLECACHESESSIONSTATE"},
      {"local_session_cache.cached_session_eviction", "LOCALSESSIONCACHE_CACHESESSIONEVICTION"},
      {"proxy_ssl_ciphers", "PROXYSSLCIPHERSUITES"},
      {"monitor.configuration.header_map", "MONITOR_CONFIG_HEADERLIST"},
      {"monitor.configuration.method", "MONITOR_CONFIG_METHOD"},
      {"health_check.health_check_value_timeouts", "HEALTHCHECK_HEALTHCHECKVALUETIMEOUT"},
      {"max_idle_connections", "MAXIDLECONNS"},
      {"max_idle_connections_per_host", "MAXIDLECONNSPERHOST"},
      {"event_trigers_defunct", "EVENTTRIGGERS"},
      {"enable_redis_rolling_limiter", "ENABLEREDISROLLINGLIMITER"},
      {"opentelemetry.exporter", "OPENTELEMETRY_EXPORTER"},
      {"opentelemetry.traces.sampling.type", "OPENTELEMETRY_TRACES_SAMPLING_TYPE"},
      {"external_services.webhooks.proxy.http_proxy", "EXTERNALSERVICES_WEBHOOKS_PROXY_HTTPPROXY"},
      {"external_services.oauth.mtls.ca_cert_ids", "EXTERNALSERVICES_OAUTH_MTLS_CACERTIDS"},
      {"workers", "WORKERS"},
      {"plugin_timeout_ms", "PLUGINTIMEOUTMS"},
  };
  for (const auto& test : kCases) {
    const ConfigKey* key = findConfigKey(test.key);
    ASSERT_NE(key, nullptr) << test.key;
    EXPECT_TRUE(key->env.starts_with("TYK_GW_"));
    EXPECT_EQ(std::string_view(key->env).substr(7), test.env);
  }
}

TEST(ConfigKeys, AreBuiltExactlyWhenAMemberTakesThem) {
  for (const ConfigKey& key : configKeys()) {
    EXPECT_EQ(key.state == KeyState::kBuilt, isBound(key.path)) << key.path;
  }
}

TEST(ConfigKeys, AndTheirVariablesAreUniqueAndDescribed) {
  std::set<std::string> paths;
  std::set<std::string> variables;
  for (const ConfigKey& key : configKeys()) {
    EXPECT_TRUE(paths.insert(key.path).second) << key.path;
    EXPECT_TRUE(key.env.empty() || variables.insert(key.env).second) << key.env;
    EXPECT_FALSE(key.text.empty()) << key.path;
  }
  EXPECT_GT(paths.size(), 300U);
}

TEST(ConfigKeys, HideSecrets) {
  for (const char* path :
       {"secret", "node_secret", "secrets", "storage.password", "kv.vault.token", "sentry_code"}) {
    EXPECT_TRUE(findConfigKey(path)->redacted) << path;
  }
}

TEST(ConfigReference, InTheDocumentationIsTheOneOfTheTable) {
  std::ifstream file(TYKPP_SOURCE_DIR "/docs/reference/configuration.md");
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  const std::string expected = renderConfigReference();
  if (committed == expected) return;
  std::ofstream(TYKPP_BINARY_DIR "/configuration.md") << expected;
  ADD_FAILURE() << "docs/reference/configuration.md is out of date, its text should be that "
                   "of " TYKPP_BINARY_DIR "/configuration.md";
}

}  // namespace
}  // namespace tykpp::definition
