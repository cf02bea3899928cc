#include "definition/classic.hpp"

#include <array>
#include <chrono>
#include <cstring>

#include "base/ascii.hpp"
#include "definition/environment.hpp"
#include "definition/impl/classic_shape.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/impl/event_reader.hpp"
#include "definition/listen_path.hpp"
#include "definition/readable_duration.hpp"
#include "definition/secret_refs.hpp"
#include "definition/version_rules.hpp"

namespace tykpp::definition {
namespace {

/// `YYYY-MM-DD HH:MM` in UTC as unix seconds.
std::optional<std::int64_t> parseExpiry(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd dd:dd";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] == 'd' ? !isDigit(text[i]) : text[i] != kForm[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (std::size_t i = at; i < at + digits; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  if (!date.ok() || hour > 23 || minute > 59) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86'400 + hour * 3'600 + minute * 60;
}

void readIdentity(const Json& document, ApiSpec& spec, Report& report) {
  spec.id = textOf(document, "id");
  spec.api_id = textOf(document, "api_id");
  spec.org_id = textOf(document, "org_id");
  spec.name = textOf(document, "name");
  spec.slug = textOf(document, "slug");
  spec.active = flagOf(document, "active");
  spec.internal = flagOf(document, "internal");
  spec.is_oas = flagOf(document, "is_oas");
  if (spec.api_id.empty()) {
    spec.api_id = fileStem(spec.file);
    if (spec.api_id.empty()) {
      report.error("/api_id", "is missing");
    } else {
      report.warn("/api_id", "is missing, the file's name is used: " + spec.api_id);
    }
  }
  // The id is part of paths and file names.
  for (const char c : spec.api_id) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f || c == '/' || c == '\\') {
      report.error("/api_id", "may not hold spaces, slashes or control characters");
      break;
    }
  }
  if (spec.api_id == "." || spec.api_id == "..") report.error("/api_id", "is a directory's name");
  if (!spec.active) report.warn("/active", "the API is not active; it is served all the same");
}

void readRouting(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report) {
  spec.domain = textOf(document, "domain");
  spec.domain_disabled = flagOf(document, "domain_disabled");
  if (auto checked = checkDomain(spec.domain); !checked)
    report.error("/domain", checked.error().message());
  const Json* port = member(document, "listen_port");
  if (port != nullptr && port->is_number_integer()) {
    const auto number = port->get<std::int64_t>();
    if (number > 0 && number <= 65535) spec.listen_port = static_cast<std::uint16_t>(number);
  }
  const Json* proxy = member(document, "proxy");
  if (proxy != nullptr) spec.strip_listen_path = flagOf(*proxy, "strip_listen_path");
  const std::string_view given =
      proxy == nullptr ? std::string_view{} : textOf(*proxy, "listen_path");
  auto resolved = resolveSecret(given, config.secrets, Environment::process());
  if (!resolved) {
    report.error("/proxy/listen_path", resolved.error().message());
    return;
  }
  // Spaces are looked for in what was written: normalising would not remove them, but the text is
  // the user's.
  if (auto checked = checkListenPath(*resolved); !checked) {
    report.error("/proxy/listen_path", checked.error().message());
    return;
  }
  spec.listen_path = normaliseListenPath(*resolved);
}

void readAccess(const Json& document, ApiSpec& spec, Report& report) {
  spec.use_keyless = flagOf(document, "use_keyless");
  spec.custom_auth = flagOf(document, "custom_plugin_auth_enabled") ||
                     flagOf(document, "enable_coprocess_auth") ||
                     flagOf(document, "use_go_plugin_auth");
  spec.custom_auth_source = credentialSource(document, "coprocess", false);
  spec.base_identity_provided_by = textOf(document, "base_identity_provided_by");
  const std::string_view expiration = textOf(document, "expiration");
  if (!expiration.empty() && expiration != "-1") {
    spec.expires_at = parseExpiry(expiration);
    if (!spec.expires_at) {
      spec.expires_at = 0;
      report.warn("/expiration",
                  "Could not parse expiration date for API; it counts as expired. The form is "
                  "YYYY-MM-DD HH:MM");
    }
  }
  std::string key;
  const Json* version = selectedVersion(document, key, nullptr);
  if (version == nullptr || flagOf(*version, "global_enforce_timeout_disabled")) return;
  const auto timeout = parseDuration(textOf(*version, "global_enforce_timeout"));
  if (!timeout) {
    report.warn(pointerTo("/version_data/versions", key) + "/global_enforce_timeout",
                "is not a duration such as 10s and counts as none");
  } else if (timeout->count() > 0) {
    // Rounded up: a millisecond is the finest that is measured, and nought would mean none.
    spec.enforced_timeout = std::chrono::ceil<std::chrono::milliseconds>(*timeout);
  }
}

void readConfigData(const Json& document, ApiSpec& spec) {
  const Json* data = filled(document, "config_data");
  if (data != nullptr && !flagOf(document, "config_data_disabled")) spec.config_data = data->dump();
}

void readChanges(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report) {
  spec.context_variables = flagOf(document, "enable_context_vars");
  std::string key;
  const Json* version = selectedVersion(document, key, nullptr);
  if (version == nullptr) return;
  spec.transforms =
      readTransforms(document, *version, pointerTo("/version_data/versions", key), config, report);
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t word, std::uint64_t factor) {
  hash = (hash ^ word) * factor;
  return hash ^ (hash >> 29U);
}

/// One 64-bit lane of the digest, eight bytes at a time, the length mixed in.
std::uint64_t lane(std::string_view text, std::uint64_t hash, std::uint64_t factor) {
  const std::uint64_t length = text.size();
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = mixed(hash, word, factor);
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, text.data(), text.size());
  return mixed(mixed(hash, word, factor), length, factor);
}

}  // namespace

std::string contentChecksum(std::string_view text, std::string_view more) {
  constexpr char kHex[] = "0123456789abcdef";
  constexpr std::array<std::pair<std::uint64_t, std::uint64_t>, 2> kLanes{
      {{0xcbf29ce484222325U, 0x9e3779b97f4a7c15U}, {0x84222325cbf29ce4U, 0xc2b2ae3d27d4eb4fU}}};
  std::string out;
  for (const auto& [seed, factor] : kLanes) {
    std::uint64_t hash = lane(more, lane(text, seed, factor), factor);
    hash = mixed(hash, hash >> 31U, factor);
    for (int shift = 60; shift >= 0; shift -= 4)
      out.push_back(kHex[(hash >> static_cast<unsigned>(shift)) & 15U]);
  }
  return out;
}

std::string fileStem(std::string_view file) {
  file.remove_prefix(file.rfind('/') == std::string_view::npos ? 0 : file.rfind('/') + 1);
  for (const std::string_view end : {".json", "-oas", "-mcp"}) {
    if (file.ends_with(end)) file.remove_suffix(end.size());
  }
  return std::string(file);
}

bool looksLikeOas(const Json& document) {
  return member(document, "openapi") != nullptr || member(document, "swagger") != nullptr;
}

bool wantsCompanion(const Json& document) {
  if (!document.is_object()) return false;
  for (const auto& [name, value] : document.items()) {
    if (equalsIgnoreCase(name, "is_oas") && value.is_boolean()) return value.get<bool>();
  }
  return false;
}

Result<Source> openSource(std::string_view text, const std::string& file,
                          const GatewayConfig& config, Report& report) {
  Source source{file, replaceSecretRefs(text, config.secrets, Environment::process()), {}, {}};
  if (source.text != text) source.written = text;
  auto parsed = parseJson(source.text);
  if (!parsed) {
    report.error("", parsed.error().message());
    return report.firstError();
  }
  source.json = std::move(*parsed);
  return source;
}

namespace {

/// All there is to know of an API with one version.
ApiSpec readDocument(const Json& document, const std::string& file, const BuildSettings& settings,
                     Report& report) {
  ApiSpec spec;
  spec.file = file;
  readIdentity(document, spec, report);
  readRouting(document, settings.config, spec, report);
  readAccess(document, spec, report);
  readAccessRules(document, spec, report);
  readAuth(document, spec, report);
  readListener(document, settings.config, spec, report);
  readLimits(document, settings.config, spec, report);
  readTraffic(document, spec, report);
  readChanges(document, settings.config, spec, report);
  readCache(document, settings.config, spec, report);
  readUpstream(document, settings.config, spec, report);
  readBundle(document, spec, report);
  readHooks(document, settings.config, spec, report);
  readConfigData(document, spec);
  if (const Json* handlers = member(document, "event_handlers"); handlers != nullptr) {
    spec.event_handlers =
        readEventHandlers(*handlers, "/event_handlers", EventScope::kApi, settings.config, report);
  }
  checkNotBuilt(document, settings.config, report);
  return spec;
}

}  // namespace

Result<ApiSpec> buildClassic(Source source, const BuildSettings& settings, Report& report) {
  applyShape(source.json, classicShape(), "", settings.unknown, report);
  const Json& document = source.json;
  if (!document.is_object()) return report.firstError();
  const auto read = [&](const Json& of, Report& to) {
    return readDocument(of, source.file, settings, to);
  };
  const bool versioned = hasOwnVersions(document);
  auto versioning = readVersionRules(document, report);
  ApiSpec spec = read(versioned ? withVersion(document, {}) : document, report);
  if (versioned) readOwnVersions(document, read, *versioning, report);
  if (report.errors() > 0) return report.firstError();
  spec.versioning = std::move(versioning);
  judgeCacheOfVersions(spec, report);
  spec.classic_text = compactJson(source.shown());
  spec.checksum = contentChecksum(source.text, "");
  alignVersions(spec);
  return spec;
}

Result<ApiSpec> buildPair(Source classic, Source oas, const BuildSettings& settings, Report& report,
                          Report& oas_report) {
  checkCompanion(oas.json, oas_report);
  const std::string checksum = contentChecksum(classic.text, oas.text);
  auto spec = buildClassic(std::move(classic), settings, report);
  if (!spec) return spec;
  readOasAuth(oas.json, *spec, oas_report);
  if (oas_report.errors() > 0) return oas_report.firstError();
  spec->oas_text = compactJson(oas.shown());
  spec->checksum = checksum;
  alignVersions(*spec);
  return spec;
}

Result<ApiSpec> parseClassic(std::string_view text, const std::string& file,
                             const GatewayConfig& config, Problems& problems) {
  Report report(file, problems);
  auto source = openSource(text, file, config, report);
  if (!source) return source.error();
  return buildClassic(std::move(*source), {config}, report);
}

Result<ApiSpec> parsePair(std::string_view text, const std::string& file, std::string_view oas_text,
                          const std::string& oas_file, const GatewayConfig& config,
                          Problems& problems) {
  Report report(file, problems);
  Report oas_report(oas_file, problems);
  auto source = openSource(text, file, config, report);
  auto companion = openSource(oas_text, oas_file, config, oas_report);
  if (!source) return source.error();
  if (!companion) return companion.error();
  return buildPair(std::move(*source), std::move(*companion), {config}, report, oas_report);
}

}  // namespace tykpp::definition
