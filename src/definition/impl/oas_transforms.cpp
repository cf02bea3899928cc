// Headers, URL and method of single operations, as Classic lists have them.

#include "definition/impl/oas_transforms.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace tykpp::definition {
namespace {

/// The start of an entry, null when the operation has no such block.
Json entryOf(const std::string& path, const std::string& method, const Json& block) {
  return {{"disabled", !flagOf(block, "enabled")}, {"path", path}, {"method", method}};
}

const Json* blockOf(const Json& rules, const char* name) {
  const Json* found = member(rules, name);
  return found != nullptr && found->is_object() ? found : nullptr;
}

void fillHeaders(const Json& block, Json& entry) {
  entry["delete_headers"] = Json::array();
  entry["add_headers"] = Json::object();
  if (const Json* remove = filled(block, "remove"); remove != nullptr)
    entry["delete_headers"] = *remove;
  const Json* add = filled(block, "add");
  if (add == nullptr || !add->is_array()) return;
  for (const Json& header : *add)
    entry["add_headers"][std::string(textOf(header, "name"))] = textOf(header, "value");
}

/// The option of a trigger that a rule's `in` stands for, empty for none.
std::string_view optionOf(std::string_view input) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kInputs{
      {{"header", "header_matches"},
       {"query", "query_val_matches"},
       {"path", "path_part_matches"},
       {"sessionMetadata", "session_meta_matches"},
       {"requestContext", "request_context_matches"},
       {"requestBody", "payload_matches"}}};
  for (const auto& [name, option] : kInputs) {
    if (name == input) return option;
  }
  return {};
}

Json convertTrigger(const Json& from) {
  Json options = Json::object();
  if (const Json* rules = filled(from, "rules"); rules != nullptr && rules->is_array()) {
    for (const Json& rule : *rules) {
      const std::string option(optionOf(textOf(rule, "in")));
      if (option.empty()) continue;
      const Json match = {{"match_rx", std::string(textOf(rule, "pattern"))},
                          {"reverse", flagOf(rule, "negate")}};
      if (option == "payload_matches") {
        options[option] = match;
      } else {
        options[option][std::string(textOf(rule, "name"))] = match;
      }
    }
  }
  return {{"on", std::string(textOf(from, "condition"))},
          {"options", std::move(options)},
          {"rewrite_to", std::string(textOf(from, "rewriteTo"))}};
}

void fillRewrite(const Json& block, Json& entry) {
  entry["match_pattern"] = std::string(textOf(block, "pattern"));
  entry["rewrite_to"] = std::string(textOf(block, "rewriteTo"));
  entry["triggers"] = Json::array();
  const Json* triggers = filled(block, "triggers");
  if (triggers == nullptr || !triggers->is_array()) return;
  for (const Json& trigger : *triggers) entry["triggers"].push_back(convertTrigger(trigger));
}

void fillMethod(const Json& block, Json& entry) {
  entry["to_method"] = std::string(textOf(block, "toMethod"));
}

struct Conversion {
  const char* block;
  const char* list;
  void (*fill)(const Json& block, Json& entry);
};
constexpr std::array<Conversion, 4> kConversions{
    {{"transformRequestHeaders", "transform_headers", &fillHeaders},
     {"transformResponseHeaders", "transform_response_headers", &fillHeaders},
     {"urlRewrite", "url_rewrites", &fillRewrite},
     {"transformRequestMethod", "method_transforms", &fillMethod}}};

}  // namespace

void convertTransforms(const std::string& path, const std::string& method, const Json& rules,
                       Json& lists) {
  for (const Conversion& conversion : kConversions) {
    const Json* block = blockOf(rules, conversion.block);
    if (block == nullptr) continue;
    Json entry = entryOf(path, method, *block);
    conversion.fill(*block, entry);
    lists[conversion.list].push_back(std::move(entry));
  }
}

}  // namespace tykpp::definition
