// The id extractor of an authentication plugin.

#include <array>
#include <utility>

#include "definition/impl/definition_builder.hpp"

namespace tykpp::definition {
namespace {

constexpr std::string_view kPlace = "/custom_middleware/id_extractor";

using From = IdExtractor::From;
using With = IdExtractor::With;

constexpr std::array<std::pair<std::string_view, From>, 4> kSources{{{"header", From::kHeader},
                                                                     {"form", From::kForm},
                                                                     {"querystring", From::kQuery},
                                                                     {"body", From::kBody}}};
constexpr std::array<std::pair<std::string_view, With>, 3> kWays{
    {{"value", With::kValue}, {"regex", With::kRegex}, {"xpath", With::kXPath}}};

template <class List, class Value>
bool pick(const List& list, std::string_view name, Value& out) {
  for (const auto& [known, value] : list) {
    if (known != name) continue;
    out = value;
    return true;
  }
  return false;
}

std::size_t indexOf(const Json& config, Report& report) {
  const Json* index = member(config, "regex_match_index");
  if (index == nullptr || !index->is_number_integer()) return 0;
  const auto given = index->get<std::int64_t>();
  if (given >= 0 && given <= 10'000) return static_cast<std::size_t>(given);
  report.error(std::string(kPlace) + "/extractor_config/regex_match_index", "has to be 0 to 10000");
  return 0;
}

/// What a source needs to know. A source without it would take all clients for one.
void checkComplete(const IdExtractor& extractor, Report& report) {
  const std::string config = std::string(kPlace) + "/extractor_config";
  if (extractor.from != From::kBody && extractor.name.empty()) {
    report.error(config, extractor.from == From::kHeader ? "header_name is missing"
                                                         : "param_name is missing");
  }
  if (extractor.with != With::kValue && extractor.expression.empty()) {
    report.error(config, extractor.with == With::kRegex ? "regex_expression is missing"
                                                        : "xpath_expression is missing");
  }
  if (extractor.from == From::kBody && extractor.with == With::kValue) {
    report.error(std::string(kPlace) + "/extract_from",
                 "a body as it is names nobody: take regex or xpath");
  }
}

}  // namespace

std::optional<IdExtractor> readIdExtractor(const Json& middleware, Report& report) {
  const Json* found = member(middleware, "id_extractor");
  if (found == nullptr || flagOf(*found, "disabled")) return std::nullopt;
  const std::string_view with = textOf(*found, "extract_with");
  const std::string_view from = textOf(*found, "extract_from");
  if (with.empty() && from.empty()) return std::nullopt;
  IdExtractor extractor;
  if (!pick(kWays, with, extractor.with)) {
    report.error(std::string(kPlace) + "/extract_with", "has to be value, regex or xpath");
    return std::nullopt;
  }
  if (!pick(kSources, from, extractor.from)) {
    report.error(std::string(kPlace) + "/extract_from",
                 "has to be header, form, querystring or body");
    return std::nullopt;
  }
  static const Json kEmpty = Json::object();
  const Json* config = member(*found, "extractor_config");
  if (config == nullptr || !config->is_object()) config = &kEmpty;
  extractor.name = textOf(*config, extractor.from == From::kHeader ? "header_name" : "param_name");
  extractor.expression =
      textOf(*config, extractor.with == With::kXPath ? "xpath_expression" : "regex_expression");
  extractor.match_index = indexOf(*config, report);
  checkComplete(extractor, report);
  return extractor;
}

}  // namespace tykpp::definition
