// What is recorded of the requests of a Classic definition.

#include <algorithm>

#include "base/ascii.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/traffic_rules.hpp"

namespace tykpp::definition {
namespace {

std::vector<std::string> textsOf(const Json& document, const char* key) {
  std::vector<std::string> texts;
  const Json* list = member(document, key);
  if (list == nullptr || !list->is_array()) return texts;
  for (const Json& entry : *list) {
    if (entry.is_string()) texts.push_back(entry.get<std::string>());
  }
  return texts;
}

bool isLowered(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

void readTraffic(const Json& document, ApiSpec& spec, Report& report) {
  spec.do_not_track = flagOf(document, "do_not_track");
  auto rules = std::make_shared<TrafficRules>();
  rules->tags = textsOf(document, "tags");
  rules->tag_headers = textsOf(document, "tag_headers");
  for (std::size_t i = 0; i < rules->tag_headers.size(); ++i) {
    // The reference compares with the lower-case name and finds nothing either.
    if (!isLowered(rules->tag_headers[i])) {
      report.warn(pointerTo("/tag_headers", i),
                  "header names have to be in lower case here: this one gives no tag");
    }
  }
  const Json* expiry = member(document, "expire_analytics_after");
  if (expiry != nullptr && expiry->is_number_integer()) {
    rules->expire_after = expiry->get<std::int64_t>();
  }
  rules->detailed = flagOf(document, "enable_detailed_recording");
  spec.traffic = std::move(rules);
}

}  // namespace tykpp::definition
