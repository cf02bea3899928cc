// What is recorded of the requests of a Classic definition.

#include <algorithm>

#include "definition/impl/definition_builder.hpp"
#include "definition/traffic_rules.hpp"

namespace tykpp::definition {
namespace {

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
  rules->expire_after = integerOf(document, "expire_analytics_after");
  rules->detailed = flagOf(document, "enable_detailed_recording");
  spec.traffic = std::move(rules);
}

}  // namespace tykpp::definition
