#include "definition/config_keys.hpp"

#include <array>
#include <unordered_map>

#include "base/ascii.hpp"
#include "definition/impl/config_key_rows.hpp"

namespace tykpp::definition {
namespace {

constexpr std::string_view kPrefix = "TYK_GW_";

/// Segments in capitals without their underscores, joined by underscores.
std::string derivedEnv(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '.') out.push_back('_');
    if (c != '_' && c != '.') out.push_back(toUpper(c));
  }
  return out;
}

struct Placement {
  std::string group;
  std::string path_prefix;  ///< with its dot
  std::string env_prefix;   ///< with its underscore
};

void append(std::vector<ConfigKey>& keys, std::span<const KeyRow> rows, const Placement& place) {
  for (const KeyRow& row : rows) {
    ConfigKey key;
    key.path = place.path_prefix + row.path;
    const std::string name = row.env == nullptr ? derivedEnv(row.path) : std::string(row.env);
    if (row.env == nullptr || *row.env != '\0') {
      key.env = std::string(kPrefix) + place.env_prefix + name;
    }
    key.type = row.type;
    key.state = row.state;
    key.redacted = row.redacted;
    key.env_only = key.path.starts_with("private.");
    key.default_text = row.default_text;
    key.text = row.text;
    key.group = place.group;
    keys.push_back(std::move(key));
  }
}

void appendGroups(std::vector<ConfigKey>& keys, std::span<const KeyGroup> groups) {
  for (const KeyGroup& group : groups) append(keys, group.rows, {group.title, "", ""});
}

void appendBlocks(std::vector<ConfigKey>& keys) {
  append(keys, storageRows(), {"Redis: `storage`", "storage.", "STORAGE_"});
  append(keys, storageRows(),
         {"Redis: `analytics_storage`", "analytics_storage.", "ANALYTICSSTORAGE_"});
  append(keys, storageRows(), {"Redis: `cache_storage`", "cache_storage.", "CACHESTORAGE_"});
  const std::string telemetry = "OpenTelemetry";
  const std::string env = "OPENTELEMETRY_";
  append(keys, traceRows(), {telemetry, "opentelemetry.", env});
  append(keys, exporterRows(), {telemetry, "opentelemetry.", env});
  append(keys, traceRows(), {telemetry, "opentelemetry.traces.", env + "TRACES_"});
  append(keys, exporterRows(), {telemetry, "opentelemetry.traces.", env + "TRACES_"});
  append(keys, metricRows(), {telemetry, "opentelemetry.metrics.", env + "METRICS_"});
  append(keys, exporterRows(), {telemetry, "opentelemetry.metrics.", env + "METRICS_"});
  const std::string services = "`external_services`: calls of the gateway's own";
  append(keys, proxyRows(), {services, "external_services.global.", "EXTERNALSERVICES_GLOBAL_"});
  for (const char* service : {"oauth", "storage", "webhooks", "health", "discovery"}) {
    const std::string path = std::string("external_services.") + service + ".";
    const std::string name = "EXTERNALSERVICES_" + derivedEnv(service) + "_";
    append(keys, proxyRows(), {services, path + "proxy.", name + "PROXY_"});
    append(keys, mtlsRows(), {services, path + "mtls.", name + "MTLS_"});
  }
}

std::string_view stateText(const ConfigKey& key) {
  switch (key.state) {
    case KeyState::kBuilt:
      return "yes";
    case KeyState::kNotBuilt:
      return "not yet";
    case KeyState::kNoEffect:
      return "ignored";
  }
  return "";
}

}  // namespace

const std::vector<ConfigKey>& configKeys() {
  static const std::vector<ConfigKey> keys = [] {
    std::vector<ConfigKey> out;
    appendGroups(out, gatewayKeyGroups());
    appendGroups(out, securityKeyGroups());
    appendGroups(out, serviceKeyGroups());
    appendBlocks(out);
    return out;
  }();
  return keys;
}

const ConfigKey* findConfigKey(std::string_view path) {
  static const std::unordered_map<std::string_view, const ConfigKey*> index = [] {
    std::unordered_map<std::string_view, const ConfigKey*> out;
    for (const ConfigKey& key : configKeys()) out.emplace(key.path, &key);
    return out;
  }();
  const auto found = index.find(path);
  return found == index.end() ? nullptr : found->second;
}

std::string_view keyTypeName(KeyType type) noexcept {
  constexpr std::array<std::string_view, 11> kNames{
      "string",           "true or false",     "integer", "number", "integer (nanoseconds)",
      "array of strings", "object of strings", "object",  "array",  "object",
      "array of objects"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string renderConfigReference() {
  std::string out =
      "# Configuration reference\n\n"
      "Every key of `tyk.conf`, written by the program from the table it reads the file with\n"
      "(`src/definition/config_keys.hpp`). A dot in a key stands for a nested object.\n\n"
      "- The file is read once, at start. The environment wins over the file, the command line "
      "over both.\n"
      "- *in use*: `yes`; `not yet`: reported at start by name when it is set; `ignored`: "
      "accepted, means nothing to a\n"
      "  gateway that stands alone.\n"
      "- Variables: lists are separated by commas, maps are `key:value` pairs separated by commas, "
      "durations are text\n"
      "  such as `10s` (the file has nanoseconds).\n"
      "- Values marked *hidden* are never shown.\n"
      "- Further variables: `TYK_LOGLEVEL` and `TYK_LOGFORMAT` win over the configuration; "
      "`TYK_SECRET_<NAME>` is the\n"
      "  value of `env://NAME`; `TYK_GW_OMITCONFIGFILE=true` leaves the file out of account.\n";
  std::string_view group;
  for (const ConfigKey& key : configKeys()) {
    if (key.group != group) {
      group = key.group;
      out += "\n## " + key.group +
             "\n\n| key | type | variable | default | in use | meaning |\n"
             "| --- | --- | --- | --- | --- | --- |\n";
    }
    out += "| " + (key.env_only ? "(variable only)" : "`" + key.path + "`") + " | ";
    out += keyTypeName(key.type);
    out += " | " + (key.env.empty() ? "" : "`" + key.env + "`") + " | " +
           (key.default_text.empty() ? "" : "`" + key.default_text + "`") + " | ";
    out += stateText(key);
    out += " | " + key.text + (key.redacted ? " (hidden)" : "") + " |\n";
  }
  return out;
}

}  // namespace tykpp::definition
