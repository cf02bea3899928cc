#include "definition/impl/event_reader.hpp"

#include <algorithm>
#include <iterator>

#include "base/ascii.hpp"
#include "definition/impl/resolved_path.hpp"
#include "definition/readable_duration.hpp"
#include "definition/target_url.hpp"

namespace tykpp::definition {
namespace {

constexpr std::int64_t kMaxCooldown = 10LL * 365 * 24 * 3600;  // seconds

struct KindName {
  std::string_view name;
  EventHandlerKind kind;
};
constexpr KindName kKinds[] = {{"eh_log_handler", EventHandlerKind::kLog},
                               {"eh_web_hook_handler", EventHandlerKind::kWebHook},
                               {"eh_dynamic_handler", EventHandlerKind::kScript},
                               {"cp_dynamic_handler", EventHandlerKind::kPlugin}};

bool isFieldName(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [kMarks](char c) {
    const char lower = static_cast<char>(c | 0x20);
    return isDigit(c) || (lower >= 'a' && lower <= 'z') || kMarks.find(c) != std::string_view::npos;
  });
}

bool isFieldText(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

/// One handler's meta being read. Answers are false with `why` set when it cannot be used.
struct MetaReader {
  const Json& meta;
  const GatewayConfig& config;
  const std::string& place;  ///< of the meta
  Report& report;
  EventHandler& out;
  std::string why{};

  bool fail(std::string reason) {
    why = std::move(reason);
    return false;
  }
  /// An optional text.
  bool take(const char* name, std::string& to) {
    const Json* value = member(meta, name);
    if (value == nullptr) return true;
    if (!value->is_string()) return fail(std::string(name) + " has to be a text");
    to = value->get<std::string>();
    return true;
  }

  bool log() { return take("prefix", out.prefix); }

  bool plugin() {
    if (!take("name", out.name)) return false;
    return !out.name.empty() || fail("handler_meta.name is missing: the function's name");
  }

  bool script() {
    std::string path;
    if (!take("name", out.name) || !take("path", path)) return false;
    if (out.name.empty()) return fail("handler_meta.name is missing: the object's name");
    if (path.empty()) return fail("handler_meta.path is missing: the JavaScript file");
    out.script = resolvedPath(std::move(path), config.working_directory);
    return true;
  }

  bool webHook() {
    std::string method;
    std::string file;
    if (!take("name", out.name) || !take("method", method) || !take("target_path", out.target) ||
        !take("template_path", file))
      return false;
    auto url = TargetUrl{};
    if (const auto parsed = parseTargetUrl(out.target); parsed) url = *parsed;
    if (url.host.empty() || (url.scheme != "http" && url.scheme != "https")) {
      return fail("Init failed for this webhook, invalid URL, URL must be absolute: target_path");
    }
    takeMethod(method);
    out.template_file = resolvedPath(std::move(file), config.working_directory);
    return takeHeaders() && takeCooldown();
  }

  void takeMethod(std::string_view given) {
    constexpr std::string_view kHookMethods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    for (const std::string_view known : kHookMethods) {
      if (equalsIgnoreCase(given, known)) out.method = known;
    }
    if (given.empty() || equalsIgnoreCase(given, out.method)) return;
    report.warn(
        place + "/method",
        "\"" + std::string(given) + "\" is none of GET, POST, PUT, PATCH and DELETE; GET is used");
  }

  bool takeHeaders() {
    const Json* headers = member(meta, "header_map");
    if (headers == nullptr) return true;
    if (!headers->is_object()) return fail("header_map has to be an object of texts");
    for (const auto& [name, value] : headers->items()) {
      if (!value.is_string() || !isFieldName(name) ||
          !isFieldText(value.get_ref<const std::string&>())) {
        return fail("header_map has a header that cannot be sent: " + name.substr(0, 100));
      }
      out.headers.emplace_back(name, value.get<std::string>());
    }
    return true;
  }

  bool takeCooldown() {
    const Json* timeout = member(meta, "event_timeout");
    if (timeout == nullptr) return true;
    if (!timeout->is_number_integer()) return fail("event_timeout has to be a number of seconds");
    const auto seconds = timeout->get<std::int64_t>();
    if (seconds < 0 || seconds > kMaxCooldown) {
      return fail("event_timeout has to be 0 to " + std::to_string(kMaxCooldown) + " seconds");
    }
    out.cooldown = std::chrono::seconds(seconds);
    return true;
  }

  bool read() {
    switch (out.kind) {
      case EventHandlerKind::kLog:
        return log();
      case EventHandlerKind::kWebHook:
        return webHook();
      case EventHandlerKind::kScript:
        return script();
      case EventHandlerKind::kPlugin:
        return plugin();
    }
    return false;
  }
};

struct Reader {
  EventScope scope;
  const GatewayConfig& config;
  Report& report;
  std::vector<EventHandler>& out;

  void ignored(const std::string& place, const std::string& why) const {
    report.warn(place, "Failed to init event handler: " + why + "; the handler is ignored");
  }

  void one(const std::string& event, const Json& entry, const std::string& place) const {
    static const Json kNoMeta = Json::object();
    if (!entry.is_object()) return ignored(place, "it is no object");
    const std::string_view name = textOf(entry, "handler_name");
    const Json* given = member(entry, "handler_meta");
    const Json& meta = given != nullptr ? *given : kNoMeta;
    if (!meta.is_object()) return ignored(place, "handler_meta is no object");
    if (flagOf(meta, "disabled")) return;
    const auto* known = std::find_if(std::begin(kKinds), std::end(kKinds),
                                     [name](const KindName& kind) { return kind.name == name; });
    if (known == std::end(kKinds)) {
      return ignored(place, "Handler '" + std::string(name) + "' not found");
    }
    EventHandler handler;
    handler.event = event;
    handler.kind = known->kind;
    handler.pointer = place;
    if (scope == EventScope::kGateway && handler.kind == EventHandlerKind::kPlugin) {
      return ignored(place, "no plugin driver is available: it belongs to an API");
    }
    const std::string meta_place = place + "/handler_meta";
    MetaReader reader{meta, config, meta_place, report, handler};
    if (!reader.read()) return ignored(place, reader.why);
    noteUnfired(event, place);
    out.push_back(std::move(handler));
  }

  /// A handler that nothing will ever call is said to be one.
  void noteUnfired(const std::string& event, const std::string& place) const {
    const EventType type = eventType(event);
    if (!isFired(type)) {
      report.warn(place, "the event " + event + " is not fired by this release");
    } else if (scope == EventScope::kApi && type == EventType::kCustom) {
      report.warn(place, "no part of an API fires an event " + event);
    }
  }
};

}  // namespace

std::vector<EventHandler> readEventHandlers(const Json& handlers, std::string_view place,
                                            EventScope scope, const GatewayConfig& config,
                                            Report& report) {
  std::vector<EventHandler> out;
  const Json* events = member(handlers, "events");
  if (events == nullptr || events->is_null()) return out;
  const std::string base = std::string(place) + "/events";
  const Reader reader{scope, config, report, out};
  if (!events->is_object()) {
    reader.ignored(base, "events is no object");
    return out;
  }
  for (const auto& [event, list] : events->items()) {
    const std::string at = pointerTo(base, event);
    if (!list.is_array()) {
      reader.ignored(at, "it is no list of handlers");
      continue;
    }
    std::size_t index = 0;
    for (const Json& entry : list) reader.one(event, entry, pointerTo(at, index++));
  }
  return out;
}

std::optional<EventHandler> readWebHook(const std::string& event, const Json& meta,
                                        const std::string& place, const GatewayConfig& config,
                                        Report& report) {
  EventHandler handler;
  handler.event = event;
  handler.kind = EventHandlerKind::kWebHook;
  handler.pointer = place;
  MetaReader reader{meta, config, place, report, handler};
  if (reader.read()) return handler;
  report.warn(place, "Failed to init event handler: " + reader.why + "; the handler is ignored");
  return std::nullopt;
}

}  // namespace tykpp::definition
