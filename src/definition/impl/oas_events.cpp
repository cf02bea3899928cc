// `server.eventHandlers[]` of OAS documents.

#include "definition/impl/event_reader.hpp"
#include "definition/readable_duration.hpp"

namespace tykpp::definition {
namespace {

void copy(const Json& from, const char* oas, Json& to, const char* classic) {
  if (const Json* found = member(from, oas); found != nullptr) to[classic] = *found;
}

void convertWebHook(const Json& from, Json& meta) {
  copy(from, "url", meta, "target_path");
  copy(from, "method", meta, "method");
  copy(from, "bodyTemplate", meta, "template_path");
  const auto cooldown = parseDuration(textOf(from, "cooldownPeriod"));
  meta["event_timeout"] = cooldown ? cooldown->count() / 1'000'000'000 : std::int64_t{0};
  meta["header_map"] = Json::object();
  const Json* headers = filled(from, "headers");
  if (headers == nullptr || !headers->is_array()) return;
  for (const Json& header : *headers) {
    meta["header_map"][std::string(textOf(header, "name"))] = std::string(textOf(header, "value"));
  }
}

Json convertHandler(const Json& from) {
  Json meta = {{"disabled", !flagOf(from, "enabled")}};
  copy(from, "id", meta, "id");
  copy(from, "name", meta, "name");
  const std::string_view type = textOf(from, "type");
  std::string handler(type);
  if (type == "webhook") {
    handler = "eh_web_hook_handler";
    convertWebHook(from, meta);
  } else if (type == "custom") {
    handler = "eh_dynamic_handler";
    copy(from, "functionName", meta, "name");
    copy(from, "path", meta, "path");
  } else if (type == "log") {
    handler = "eh_log_handler";
    copy(from, "logPrefix", meta, "prefix");
  }
  return {{"handler_name", handler}, {"handler_meta", std::move(meta)}};
}

}  // namespace

Json classicEventHandlers(const Json& server) {
  Json events = Json::object();
  const Json* handlers = filled(server, "eventHandlers");
  if (handlers != nullptr && handlers->is_array()) {
    for (const Json& handler : *handlers) {
      events[std::string(textOf(handler, "trigger"))].push_back(convertHandler(handler));
    }
  }
  return {{"events", std::move(events)}};
}

}  // namespace tykpp::definition
