#include "definition/config_loader.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "unit/definition/definitions.hpp"
#include "unit/definition/temp_dir.hpp"

namespace tykpp::definition {
namespace {

using test::errorCount;
using test::problemAt;
using test::shown;
using Variables = std::map<std::string, std::string>;

class ConfigLoader : public ::testing::Test {
 protected:
  LoadedConfig load(std::string_view text, const Variables& variables = {}) {
    auto loaded = loadConfig({dir_.write("tyk.conf", text)}, Environment(variables));
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message());
    return loaded ? std::move(*loaded) : LoadedConfig{};
  }
  test::TempDir dir_;
};

TEST_F(ConfigLoader, KeepsTheEffectiveDefaultsForWhatIsMissing) {
  const LoadedConfig loaded = load("{}");
  EXPECT_TRUE(loaded.ok()) << shown(loaded.problems);
  EXPECT_EQ(loaded.config.listen_port, 8080);
  EXPECT_EQ(loaded.config.http_server_options.read_timeout.count(), 120);
  EXPECT_EQ(loaded.config.proxy_default_timeout.count(), 30);
  EXPECT_EQ(loaded.config.health_check_endpoint_name, "hello");
  EXPECT_EQ(loaded.config.log_level, "info");
  EXPECT_TRUE(loaded.config.storage.type.empty());
  EXPECT_TRUE(loaded.not_built.empty());
  EXPECT_FALSE(loaded.wrote_default);
}

TEST_F(ConfigLoader, ReadsEveryKindOfValue) {
  const LoadedConfig loaded = load(R"({"listen_port": 9090, "secret": "s", "app_path": "apps",
      "http_server_options": {"read_timeout": 7, "enable_websockets": true},
      "liveness_check": {"check_duration": 2000000000}, "proxy_default_timeout": 1.5,
      "proxy_ssl_ciphers": ["A", "B"], "secrets": {"a": "b"}, "dns_cache": {"ttl": -1, "enabled": true},
      "storage": {"type": "redis", "host": "r", "port": 1, "addrs": ["a:1"]}, "workers": 2, "plugin_timeout_ms": 9,
      "plugin_on_error": "skip", "security": {"certificates": {"upstream": {"*": "c.pem"}}}})");
  ASSERT_TRUE(loaded.ok()) << shown(loaded.problems);
  const GatewayConfig& config = loaded.config;
  EXPECT_EQ(config.listen_port, 9090);
  EXPECT_EQ(config.http_server_options.read_timeout.count(), 7);
  EXPECT_TRUE(config.http_server_options.enable_websockets);
  EXPECT_EQ(config.liveness_check_duration, std::chrono::seconds(2));
  EXPECT_EQ(config.proxy_default_timeout.count(), 1.5);
  EXPECT_EQ(config.proxy_ssl_ciphers, (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(config.secrets.at("a"), "b");
  EXPECT_EQ(config.dns_cache.ttl.count(), -1);
  EXPECT_EQ(config.storage.host, "r");
  EXPECT_EQ(config.workers, 2);
  EXPECT_EQ(config.plugin_timeout.count(), 9);
  EXPECT_EQ(config.plugin_on_error, "skip");
  EXPECT_EQ(config.upstream_certificates.at("*"), "c.pem");
}

TEST_F(ConfigLoader, ShowsPluginsTheConfigurationWithoutWhatOpensTheControlApi) {
  const LoadedConfig loaded =
      load(R"({"listen_port": 9090, "secret": "hush", "node_secret": "hush", "hash_keys": true,
      "storage": {"type": "redis", "host": "file", "port": 1, "password": "env://PASS"}})",
           {{"TYK_GW_STORAGE_HOST", "variable"},
            {"TYK_GW_SECRET", "hush too"},
            {"TYK_SECRET_PASS", "word"}});
  ASSERT_TRUE(loaded.ok()) << shown(loaded.problems);
  const auto text = nlohmann::json::parse(loaded.config.text);
  EXPECT_EQ(text["storage"]["host"], "variable");
  EXPECT_EQ(text["storage"]["password"], "word");
  EXPECT_EQ(text["storage"]["port"], 1);
  EXPECT_EQ(text["hash_keys"], true);
  EXPECT_EQ(text["listen_port"], 9090);
  EXPECT_EQ(loaded.config.text.find("hush"), std::string::npos);
}

TEST_F(ConfigLoader, AppliesTheFixUps) {
  const LoadedConfig loaded =
      load(R"({"listen_port": 0, "http_server_options": {"read_timeout": 0, "write_timeout": -1},
      "graceful_shutdown_timeout_duration": 0, "proxy_default_timeout": -2, "reload_interval": 0,
      "health_check_endpoint_name": "", "liveness_check": {"check_duration": 0}, "storage": {"type": "redis", "timeout": 0}})");
  ASSERT_TRUE(loaded.ok()) << shown(loaded.problems);
  const GatewayConfig& config = loaded.config;
  EXPECT_EQ(config.listen_port, 8080);
  EXPECT_NE(problemAt(loaded.problems, "/listen_port"), nullptr);
  EXPECT_EQ(config.http_server_options.read_timeout.count(), 120);
  EXPECT_EQ(config.http_server_options.write_timeout.count(), 120);
  EXPECT_EQ(config.graceful_shutdown_timeout_duration.count(), 30);
  EXPECT_EQ(config.proxy_default_timeout.count(), 30);
  EXPECT_EQ(config.reload_interval.count(), 1);
  EXPECT_EQ(config.health_check_endpoint_name, "hello");
  EXPECT_EQ(config.liveness_check_duration, std::chrono::seconds(10));
  EXPECT_EQ(config.storage.timeout.count(), 5);
}

TEST_F(ConfigLoader, TellsEveryWrongValueAtOnce) {
  const LoadedConfig loaded = load(R"({"listen_port": "8080", "secret": 5, "storage": [],
      "http_server_options": {"read_timeout": 1.5, "use_ssl": "yes"}, "proxy_ssl_ciphers": [1], "secrets": {"a": 1},
      "log_level": "loud", "proxy_ssl_min_version": 3, "workers": -1, "plugin_on_error": "explode",
      "read_timeout_unknown": 1})");
  EXPECT_FALSE(loaded.ok());
  for (const char* pointer :
       {"/listen_port", "/secret", "/storage", "/http_server_options/read_timeout",
        "/http_server_options/use_ssl", "/proxy_ssl_ciphers", "/secrets", "/log_level",
        "/proxy_ssl_min_version", "/workers", "/plugin_on_error"}) {
    const Problem* problem = problemAt(loaded.problems, pointer);
    ASSERT_NE(problem, nullptr) << pointer << "\n" << shown(loaded.problems);
    EXPECT_EQ(problem->severity, Severity::kError);
    EXPECT_EQ(problem->file, dir_.file("tyk.conf"));
  }
  EXPECT_EQ(problemAt(loaded.problems, "/read_timeout_unknown"), nullptr)
      << "the daemon ignores unknown keys";
  EXPECT_EQ(problemAt(loaded.problems, "/listen_port")->reason, "expected integer, found string");
  EXPECT_EQ(problemAt(loaded.problems, "/log_level")->reason,
            "Invalid log level \"loud\" specified in config, must be error, warn, debug or info. ");
}

TEST_F(ConfigLoader, RefusesValuesThatCannotWork) {
  for (const char* text :
       {R"({"listen_port": 65536})", R"({"listen_port": -1})", R"({"control_api_port": 70000})",
        R"({"http_server_options": {"read_timeout": 9223372036854775807}})",
        R"({"liveness_check": {"check_duration": 9223372036854775807}})",
        R"({"proxy_default_timeout": 1e300})",
        R"({"proxy_ssl_min_version": 772, "proxy_ssl_max_version": 770})",
        R"({"storage": {"type": "redis", "port": 99999}})", R"({"workers": 100000})",
        R"({"http_server_options": {"min_version": 772, "max_version": 771}})",
        R"({"http_server_options": {"certificates": [{"cert_file": "c"}]}})",
        R"({"ports_whitelist": {"http": {"ports": [0]}}})", R"({"use_db_app_configs": true})",
        R"({"template_path": "/nowhere/at/all"})", R"({"log_format": "legacy"})", R"([])",
        R"("x")"}) {
    EXPECT_FALSE(load(text).ok()) << text;
  }
}

TEST_F(ConfigLoader, TakesKeysInAnyCaseAndPrefersTheExactOne) {
  const LoadedConfig loaded = load(
      R"({"LISTEN_PORT": 1, "listen_port": 2, "Secret": "s", "HTTP_Server_Options": {"Read_Timeout": 3}})");
  EXPECT_EQ(loaded.config.listen_port, 2);
  EXPECT_EQ(loaded.config.secret, "s");
  EXPECT_EQ(loaded.config.http_server_options.read_timeout.count(), 3);
}

TEST_F(ConfigLoader, TakesNullForMissing) {
  const LoadedConfig loaded =
      load(R"({"listen_port": null, "storage": null, "http_server_options": null})");
  EXPECT_TRUE(loaded.ok()) << shown(loaded.problems);
  EXPECT_EQ(loaded.config.listen_port, 8080);
}

TEST_F(ConfigLoader, LetsTheEnvironmentWin) {
  const LoadedConfig loaded =
      load(R"({"listen_port": 1, "secret": "file", "http_server_options": {"read_timeout": 9}})",
           {{"TYK_GW_LISTENPORT", "0x1F90"},
            {"TYK_GW_SECRET", ""},
            {"TYK_GW_HTTPSERVEROPTIONS_READTIMEOUT", "0"},
            {"TYK_GW_HTTPSERVEROPTIONS_SKIPURLCLEANING", "t"},
            {"TYK_GW_LIVENESSCHECK_CHECKDURATION", "1m30s"},
            {"TYK_GW_STORAGE_TYPE", "redis"},
            {"TYK_GW_STORAGE_ADDRS", "a:1,b:2"},
            {"TYK_GW_SECRETS", "a:b,c:d"},
            {"TYK_GW_PROXYSSLCIPHERSUITES", ""},
            {"TYK_GW_MAXIDLECONNSPERHOST", "017"}});
  EXPECT_TRUE(loaded.problems.empty()) << shown(loaded.problems);
  const GatewayConfig& config = loaded.config;
  EXPECT_EQ(config.listen_port, 8080);
  EXPECT_EQ(config.secret, "");
  EXPECT_EQ(config.http_server_options.read_timeout.count(), 120)
      << "0 of the environment counts, then the fix-up";
  EXPECT_TRUE(config.http_server_options.skip_url_cleaning);
  EXPECT_EQ(config.liveness_check_duration, std::chrono::seconds(90));
  EXPECT_EQ(config.storage.addrs, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(config.secrets, (std::map<std::string, std::string>{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(config.max_idle_connections_per_host, 15);
}

TEST_F(ConfigLoader, NamesTheVariableTypeAndValueThatCannotBeRead) {
  const LoadedConfig loaded = load("{}", {{"TYK_GW_LISTENPORT", "eighty"},
                                          {"TYK_GW_CLOSECONNECTIONS", "yes"},
                                          {"TYK_GW_PROXYDEFAULTTIMEOUT", "1s"},
                                          {"TYK_GW_LIVENESSCHECK_CHECKDURATION", "10"},
                                          {"TYK_GW_WORKERS", "99999999999999999999"},
                                          {"TYK_GW_SECURITY_CERTIFICATES_UPSTREAM", "h:http://x"},
                                          {"TYK_GW_SECRETS", "a:http://hidden"},
                                          {"TYK_GW_PORTWHITELIST", "{"}});
  EXPECT_EQ(errorCount(loaded.problems), 8U) << shown(loaded.problems);
  const std::string all = shown(loaded.problems);
  EXPECT_NE(
      all.find("environment variable TYK_GW_LISTENPORT (integer): \"eighty\" is not an integer"),
      std::string::npos)
      << all;
  EXPECT_NE(all.find("TYK_GW_CLOSECONNECTIONS (true or false): \"yes\""), std::string::npos) << all;
  EXPECT_NE(all.find("invalid map item: \"h:http://x\""), std::string::npos) << all;
  EXPECT_EQ(all.find("hidden"), std::string::npos) << "secrets are never shown";
}

TEST_F(ConfigLoader, RefusesARangeThatOnlyTheEnvironmentBreaks) {
  const LoadedConfig loaded = load("{}", {{"TYK_GW_LISTENPORT", "70000"}});
  ASSERT_EQ(errorCount(loaded.problems), 1U);
  EXPECT_NE(shown(loaded.problems).find("TYK_GW_LISTENPORT"), std::string::npos);
}

TEST_F(ConfigLoader, LeavesTheFileOutOnRequest) {
  const LoadedConfig loaded = load(R"({"listen_port": 1, "hostname": "h"})",
                                   {{"TYK_GW_OMITCONFIGFILE", "True"}, {"TYK_GW_LISTENPORT", "2"}});
  EXPECT_EQ(loaded.config.listen_port, 2);
  EXPECT_EQ(loaded.config.hostname, "");
}

TEST_F(ConfigLoader, LetsTheLogVariablesWinOverEverything) {
  const LoadedConfig loaded =
      load(R"({"log_level": "error"})",
           {{"TYK_GW_LOGLEVEL", "warn"}, {"TYK_LOGLEVEL", "Debug"}, {"TYK_LOGFORMAT", "json"}});
  EXPECT_EQ(loaded.config.log_level, "debug");
  EXPECT_EQ(loaded.config.log_format, "json");
  EXPECT_FALSE(load("{}", {{"TYK_LOGLEVEL", "loud"}}).ok());
}

TEST_F(ConfigLoader, WantsRedisWhenThereIsAStorageSection) {
  for (const char* text : {R"({"storage": {}})", R"({"storage": {"type": "mongo"}})",
                           R"({"STORAGE": {"host": "h"}})"}) {
    const LoadedConfig loaded = load(text);
    EXPECT_FALSE(loaded.ok()) << text;
    EXPECT_NE(shown(loaded.problems).find("Redis connection details not set"), std::string::npos);
  }
  EXPECT_FALSE(load("{}", {{"TYK_GW_STORAGE_HOST", "h"}}).ok());
  EXPECT_TRUE(load(R"({"storage": {"type": "redis"}})").ok());
}

TEST_F(ConfigLoader, ResolvesSecretReferences) {
  const LoadedConfig loaded = load(R"({"secret": "env://token", "secrets": {"node": "n"},
      "storage": {"type": "redis", "password": "secrets://node"}})",
                                   {{"TYK_SECRET_TOKEN", "t"}});
  ASSERT_TRUE(loaded.ok()) << shown(loaded.problems);
  EXPECT_EQ(loaded.config.secret, "t");
  EXPECT_EQ(loaded.config.storage.password, "n");
}

TEST_F(ConfigLoader, RefusesToStartWithoutASecretItCannotFind) {
  const LoadedConfig loaded = load(
      R"({"secret": "secrets://nobody", "storage": {"type": "redis", "password": "vault://a.b"}})");
  EXPECT_EQ(problemAt(loaded.problems, "/secret")->reason,
            "could not retrieve secret: secrets does not exist in config.. nobody not found");
  EXPECT_NE(problemAt(loaded.problems, "/storage/password")->reason.find("not built"),
            std::string::npos);
}

TEST_F(ConfigLoader, NamesTheKeysThatAreSetAndNotBuilt) {
  const LoadedConfig loaded = load(
      R"({"hash_keys": false, "hash_key_function": "murmur64",
      "policies": {"policy_source": "file", "policy_record_name": "p.json"},
      "http_server_options": {"override_defaults": true}, "slave_options": {"use_rpc": true},
      "opentelemetry": {"enabled": true}, "storage": {"type": "redis", "optimisation_max_idle": 1}})",
      {{"TYK_GW_ENABLEHASHEDKEYSLISTING", "true"}});
  ASSERT_TRUE(loaded.ok()) << shown(loaded.problems);
  EXPECT_EQ(loaded.not_built,
            (std::vector<std::string>{"opentelemetry.enabled", "slave_options.use_rpc"}));
}

TEST_F(ConfigLoader, TakesTheFirstCandidateThatExists) {
  const std::string second = dir_.write("second.conf", R"({"listen_port": 2})");
  const auto loaded = loadConfig({dir_.file("first.conf"), second}, Environment(Variables{}));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.file, second);
  EXPECT_EQ(loaded->config.listen_port, 2);
}

TEST_F(ConfigLoader, FailsWhenANamedFileIsMissing) {
  const auto loaded = loadConfig({dir_.file("none.conf")}, Environment(Variables{}));
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message().find("none.conf"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(dir_.file("none.conf")));
}

TEST_F(ConfigLoader, NamesTheFileThatCannotBeRead) {
  const auto directory = loadConfig({dir_.path()}, Environment(Variables{}));
  ASSERT_FALSE(directory);
  EXPECT_NE(directory.error().message().find("is a directory"), std::string::npos);
  const auto broken =
      loadConfig({dir_.write("b.conf", "{\n  \"a\": ,\n}")}, Environment(Variables{}));
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message().find("b.conf: not valid JSON: line 2, column 8"),
            std::string::npos)
      << broken.error().message();
}

TEST_F(ConfigLoader, WritesTheDefaultFileAndReadsIt) {
  const std::string path = dir_.file("tyk.conf");
  auto loaded =
      loadConfig({path, dir_.file("other.conf")},
                 Environment(Variables{{"TYK_GW_LISTENPORT", "8181"}}), WhenMissing::kWriteDefault);
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_TRUE(loaded->wrote_default);
  EXPECT_TRUE(loaded->ok()) << shown(loaded->problems);
  EXPECT_TRUE(loaded->not_built.empty()) << loaded->not_built.front();
  EXPECT_EQ(loaded->config.listen_port, 8181);
  EXPECT_EQ(loaded->config.secret, "352d20ee67be67f6340b4c0605b044b7");
  EXPECT_EQ(loaded->config.app_path, "apps/");
  EXPECT_EQ(loaded->config.storage.type, "redis");
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(text.starts_with("{\n    \"hostname\""));
  const auto written = nlohmann::json::parse(text);
  EXPECT_EQ(written.at("listen_port"), 8181);
  EXPECT_EQ(written.at("dns_cache").at("ttl"), 3600);
  EXPECT_EQ(written.at("storage").at("optimisation_max_idle"), 100);
  EXPECT_EQ(written.at("enable_jsvm"), false);
  EXPECT_EQ(std::filesystem::status(path).permissions() & std::filesystem::perms::all,
            std::filesystem::perms(0644));
}

TEST_F(ConfigLoader, TellsWhenTheDefaultFileCannotBeWritten) {
  const auto loaded = loadConfig({dir_.file("missing/tyk.conf")}, Environment(Variables{}),
                                 WhenMissing::kWriteDefault);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message().find("cannot be written"), std::string::npos);
}

}  // namespace
}  // namespace tykpp::definition
