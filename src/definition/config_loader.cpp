#include "definition/config_loader.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/ascii.hpp"
#include "definition/impl/config_session.hpp"
#include "definition/impl/error_message_reader.hpp"
#include "definition/impl/event_reader.hpp"
#include "definition/impl/file_reader.hpp"
#include "definition/secret_refs.hpp"

namespace tykpp::definition {
namespace {

constexpr std::size_t kMaxConfigBytes = 16 * 1024 * 1024;

std::string workingDirectory() {
  std::string buffer(4096, '\0');
  return ::getcwd(buffer.data(), buffer.size()) == nullptr ? std::string{}
                                                           : std::string(buffer.c_str());
}

bool hasErrorTemplates(const std::string& directory) {
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(dir)) {
    found = found || std::string_view(entry->d_name).starts_with("error");
  }
  ::closedir(dir);
  return found;
}

bool omitsFile(const Environment& env) {
  return equalsIgnoreCase(env.get("TYK_GW_OMITCONFIGFILE").value_or(""), "true");
}

struct Judge {
  const GivenValues& given;
  const Environment& env;
  Report& report;
  LoadedConfig& loaded;

  const GivenValue* find(std::string_view path) const {
    const auto found = given.find(findConfigKey(path));
    return found == given.end() ? nullptr : &found->second;
  }
  bool flag(std::string_view path) const {
    const GivenValue* value = find(path);
    return value != nullptr && value->value.is_boolean() && value->value.get<bool>();
  }
  /// Tells about a key at the place it was given; a variable is named in the text.
  void error(std::string_view path, const std::string& reason) const {
    const GivenValue* value = find(path);
    const bool from_env = value != nullptr && value->from_env;
    const std::string place = value == nullptr || from_env ? std::string{} : value->place;
    report.error(place, from_env ? "environment variable " + value->place + ": " + reason : reason);
  }

  void bindAll() const {
    for (const ConfigKey& key : configKeys()) {
      const auto found = given.find(&key);
      if (found == given.end()) continue;
      if (key.state == KeyState::kBuilt) {
        const std::string reason = bindValue(key.path, found->second.value, loaded.config);
        if (!reason.empty()) error(key.path, reason);
      } else if (key.state == KeyState::kNotBuilt && isNonDefault(key, found->second.value)) {
        loaded.not_built.push_back(key.path);
      }
    }
    const GivenValue* slave = find("slave_options");
    if (slave != nullptr && slave->value.is_object() && flagOf(slave->value, "use_rpc")) {
      loaded.not_built.emplace_back("slave_options.use_rpc");
    }
  }

  /// What plugins are shown of the configuration.
  void writeText() const {
    Json document = Json::object();
    for (const ConfigKey& key : configKeys()) {
      const auto found = given.find(&key);
      if (found == given.end() || key.path.empty()) continue;
      if (key.path == "secret" || key.path == "node_secret") continue;
      Json* at = &document;
      std::string_view path = key.path;
      for (std::size_t dot; (dot = path.find('.')) != std::string_view::npos;
           path.remove_prefix(dot + 1)) {
        Json& inner = (*at)[std::string(path.substr(0, dot))];
        if (!inner.is_object()) inner = Json::object();
        at = &inner;
      }
      (*at)[std::string(path)] = found->second.value;
    }
    document["listen_port"] = loaded.config.listen_port;
    if (!loaded.config.storage.password.empty()) {
      document["storage"]["password"] = loaded.config.storage.password;
    }
    loaded.config.text = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  void readEvents() const {
    const GivenValue* handlers = find("event_handlers");
    if (handlers == nullptr) return;
    loaded.config.event_handlers = readEventHandlers(handlers->value, handlers->place,
                                                     EventScope::kGateway, loaded.config, report);
  }

  /// The web hook of quota monitors: one more handler of their event.
  void readMonitor() const {
    const QuotaMonitorConfig& monitor = loaded.config.identity.monitor;
    if (!monitor.enabled || monitor.target_path.empty()) return;
    const Json meta = {{"method", monitor.method},
                       {"target_path", monitor.target_path},
                       {"template_path", monitor.template_path},
                       {"header_map", monitor.header_map},
                       {"event_timeout", monitor.event_timeout}};
    if (auto hook = readWebHook(std::string(eventName(EventType::kTriggerExceeded)), meta,
                                "/monitor/configuration", loaded.config, report);
        hook) {
      loaded.config.event_handlers.push_back(std::move(*hook));
    }
  }

  void readMessages() const {
    const GivenValue* messages = find("override_messages");
    if (messages == nullptr) return;
    loaded.config.identity.error_messages =
        readErrorMessages(messages->value, messages->place, report);
  }

  void logVariables() const {
    for (const auto& [variable, path] :
         {std::pair{"TYK_LOGLEVEL", "log_level"}, std::pair{"TYK_LOGFORMAT", "log_format"}}) {
      const auto text = env.get(variable);
      if (!text || text->empty()) continue;
      const std::string reason = bindValue(path, Json(*text), loaded.config);
      if (!reason.empty())
        report.error("", std::string("environment variable ") + variable + ": " + reason);
    }
  }

  void resolveSecrets() const {
    GatewayConfig& config = loaded.config;
    const std::array<std::pair<const char*, std::string*>, 4> references{
        {{"secret", &config.secret},
         {"storage.password", &config.storage.password},
         {"cache_storage.password", &config.cache.storage.password},
         {"security.private_certificate_encoding_secret",
          &config.identity.tls.private_certificate_encoding_secret}}};
    for (const auto& [path, value] : references) {
      auto resolved = resolveSecret(*value, config.secrets, env);
      if (resolved) {
        *value = std::move(*resolved);
      } else {
        error(path, std::string("could not retrieve ") + path + ": " + resolved.error().message());
      }
    }
  }

  void checkRules(bool storage_given) const {
    GatewayConfig& config = loaded.config;
    if (storage_given && config.storage.type != "redis" && config.storage.type != "embedded") {
      error("storage.type",
            "Redis connection details not set, please ensure that the storage type is set to Redis "
            "and that the "
            "connection parameters are correct.");
    }
    const TlsConfig& tls = config.identity.tls;
    constexpr int kTls12 = 771;
    if (tls.max_version != 0 &&
        (tls.min_version != 0 ? tls.min_version : kTls12) > tls.max_version) {
      error("http_server_options.min_version", "is above max_version");
    }
    if (flag("use_db_app_configs")) {
      error("use_db_app_configs",
            "definitions from a dashboard are not built; it has to be false, definitions are read "
            "from app_path");
    }
    if (!config.template_path.empty() && !hasErrorTemplates(config.template_path)) {
      error("template_path", "no file of " + config.template_path + " matches error*");
    }
    if (config.listen_port == 0) {
      config.listen_port = 8080;
      report.warn("/listen_port", "0 counts as 8080");
    } else if (find("listen_port") == nullptr) {
      report.warn("", "listen_port is missing, 8080 is used");
    }
    if (config.proxy_ssl_max_version != 0 &&
        config.proxy_ssl_min_version > config.proxy_ssl_max_version) {
      error("proxy_ssl_min_version", "is above proxy_ssl_max_version");
    }
  }
};

bool mentionsStorage(const Json& document, const GivenValues& given) {
  for (const auto& [key, value] : given) {
    if (value.from_env && key->path.starts_with("storage.")) return true;
  }
  if (!document.is_object()) return false;
  return std::any_of(document.items().begin(), document.items().end(), [](const auto& item) {
    return equalsIgnoreCase(item.key(), "storage") && !item.value().is_null();
  });
}

Result<void> writeDefault(const std::string& path, const Environment& env) {
  const std::string text = defaultConfigText(env);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  const auto fail = [&] {
    return Error(Errc::kBadConfig, "the default configuration cannot be written to " + path + ": " +
                                       std::strerror(errno));
  };
  if (fd < 0) return fail();
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const Error error = fail();
      ::close(fd);
      return error;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  ::close(fd);
  return {};
}

}  // namespace

bool LoadedConfig::ok() const noexcept {
  return std::none_of(problems.begin(), problems.end(),
                      [](const Problem& problem) { return problem.severity == Severity::kError; });
}

std::vector<std::string> defaultConfigCandidates() { return {"tyk.conf", "/etc/tyk/tyk.conf"}; }

Result<void> judgeConfig(const std::string& file, std::string_view text, const Environment& env,
                         Unknown unknown, LoadedConfig& loaded) {
  Report report(file, loaded.problems);
  Json document = Json::object();
  if (!text.empty() || !omitsFile(env)) {
    auto parsed = parseJson(text);
    if (!parsed) return Error(Errc::kBadConfig, file + ": " + parsed.error().message());
    document = std::move(*parsed);
  }
  if (omitsFile(env)) document = Json::object();
  GivenValues given;
  collectFromFile(document, unknown, report, given);
  collectFromEnv(env, report, given);
  loaded.config.file = file;
  loaded.config.working_directory = workingDirectory();
  const Judge judge{given, env, report, loaded};
  judge.bindAll();
  judge.readEvents();
  judge.readMessages();
  judge.readMonitor();
  judge.logVariables();
  judge.resolveSecrets();
  judge.checkRules(mentionsStorage(document, given));
  judge.writeText();
  return {};
}

Result<LoadedConfig> loadConfig(const std::vector<std::string>& candidates, const Environment& env,
                                WhenMissing when_missing) {
  LoadedConfig loaded;
  for (int attempt = 0; attempt < 2; ++attempt) {
    for (const std::string& path : candidates) {
      auto content = readFile(AT_FDCWD, path.c_str(), kMaxConfigBytes);
      if (!content && content.error().code() == Errc::kNotFound) continue;
      if (!content) return Error(Errc::kBadConfig, path + " " + content.error().message());
      if (auto judged = judgeConfig(path, content->bytes, env, Unknown::kIgnore, loaded); !judged) {
        return judged.error();
      }
      return loaded;
    }
    if (when_missing == WhenMissing::kFail || candidates.empty()) break;
    if (auto written = writeDefault(candidates.front(), env); !written) return written.error();
    loaded.wrote_default = true;
  }
  std::string names;
  for (const std::string& path : candidates) names += (names.empty() ? "" : ", ") + path;
  return Error(Errc::kBadConfig, "no configuration file found: " + names);
}

std::string defaultConfigText(const Environment& env) {
  // Insertion order is the table's, so that related keys stand together.
  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  const std::string templates = workingDirectory() + "/templates";
  const std::vector<std::pair<std::string_view, nlohmann::ordered_json>> first_values{
      {"listen_port", 8080},
      {"secret", "352d20ee67be67f6340b4c0605b044b7"},
      // Without templates in it the path would keep the gateway from starting; the built-in ones
      // serve then.
      {"template_path", hasErrorTemplates(templates) ? templates : ""},
      {"middleware_path", "middleware"},
      {"app_path", "apps/"},
      {"storage.type", "redis"},
      {"storage.host", "localhost"},
      {"storage.port", 6379},
      {"storage.optimisation_max_idle", 100},
      {"dns_cache.ttl", 3600},
      {"dns_cache.multiple_ips_handle_strategy", "no_cache"},
      {"health_check_endpoint_name", "hello"},
      {"readiness_check_endpoint_name", "ready"},
      {"liveness_check.check_duration", 10'000'000'000LL},
      {"graceful_shutdown_timeout_duration", 30},
      {"pid_file_location", "/var/run/tyk/tyk-gateway.pid"}};
  for (const ConfigKey& key : configKeys()) {
    if (key.env_only || key.path.starts_with("event_tri")) continue;
    nlohmann::ordered_json* at = &document;
    std::string_view path = key.path;
    for (std::size_t dot; (dot = path.find('.')) != std::string_view::npos;
         path.remove_prefix(dot + 1)) {
      at = &(*at)[std::string(path.substr(0, dot))];
    }
    nlohmann::ordered_json& value = (*at)[std::string(path)];
    switch (key.type) {
      case KeyType::kString:
        value = "";
        break;
      case KeyType::kBool:
        value = false;
        break;
      case KeyType::kInt:
      case KeyType::kDuration:
      case KeyType::kFloat:
        value = 0;
        break;
      case KeyType::kStringList:
      case KeyType::kArray:
      case KeyType::kJsonArray:
        value = nlohmann::ordered_json::array();
        break;
      case KeyType::kStringMap:
      case KeyType::kObject:
      case KeyType::kJsonObject:
        value = nlohmann::ordered_json::object();
        break;
    }
    for (const auto& [first_path, first_value] : first_values) {
      if (first_path == key.path) value = first_value;
    }
    const auto text = key.env.empty() ? std::nullopt : env.get(key.env);
    if (!text || key.type == KeyType::kObject || key.type == KeyType::kArray) continue;
    if (const auto given = valueFromText(key, *text); given) value = nlohmann::ordered_json(*given);
  }
  return document.dump(4, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tykpp::definition
