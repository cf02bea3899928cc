// Changes of headers, URLs and methods that one version of a Classic definition asks for.

#include <algorithm>

#include "base/ascii.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/impl/endpoint_entries.hpp"
#include "definition/impl/header_text.hpp"
#include "definition/transform_rules.hpp"

namespace tykpp::definition {
namespace {

struct OptionName {
  const char* name;
  TriggerInput input;
};
/// In the order in which they are asked.
constexpr OptionName kOptions[] = {{"header_matches", TriggerInput::kHeader},
                                   {"query_val_matches", TriggerInput::kQuery},
                                   {"path_part_matches", TriggerInput::kPathPart},
                                   {"session_meta_matches", TriggerInput::kMetadata},
                                   {"request_context_matches", TriggerInput::kContext}};

/// Reads one version.
class TransformReader {
 public:
  TransformReader(const Json& version, std::string place, const GatewayConfig& config,
                  TransformRules& rules, Report& report)
      : version_(version),
        place_(std::move(place)),
        secrets_{config.secrets, Environment::process()},
        rules_(rules),
        report_(report) {}

  void read() {
    rules_.request_headers = globalHeaders("global_headers");
    rules_.response_headers = globalHeaders("global_response_headers");
    readHeaders("transform_headers", rules_.endpoint_request_headers);
    readHeaders("transform_response_headers", rules_.endpoint_response_headers);
    forEach("url_rewrites", [this](const Json& entry, EndpointPlace place) {
      rules_.rewrites.push_back(rewrite(entry, std::move(place)));
    });
    forEach("method_transforms", [this](const Json& entry, EndpointPlace place) {
      std::string method(textOf(entry, "to_method"));
      std::transform(method.begin(), method.end(), method.begin(), toUpper);
      rules_.methods.push_back({std::move(place), std::move(method)});
    });
  }

  /// Headers that an object sets under one name and removes under another.
  HeaderEdit headers(const Json& from, const std::string& set, const std::string& remove,
                     const std::string& pointer) {
    HeaderEdit edit;
    if (const Json* names = filled(from, remove); names != nullptr && names->is_array()) {
      for (const Json& name : *names) {
        if (name.is_string() && !name.get_ref<const std::string&>().empty())
          edit.remove.push_back(name.get<std::string>());
      }
    }
    const Json* values = filled(from, set);
    if (values == nullptr || !values->is_object()) return edit;
    for (const auto& [name, value] : values->items()) {
      const std::string at = pointerTo(pointerTo(pointer, set), name);
      if (!value.is_string()) continue;
      if (!isHeaderName(name)) {
        report_.error(at, "cannot be the name of a header");
        continue;
      }
      const auto& text = value.get_ref<const std::string&>();
      if (hasControls(text)) report_.error(at, "cannot be the value of a header");
      edit.set.emplace_back(name, variables(text, VariableText::Groups::kNo, at));
    }
    return edit;
  }

 private:
  /// Calls `visit(entry, place)` for every entry of a list that is in force.
  template <class Visit>
  void forEach(const std::string& list, const Visit& visit) {
    if (flagOf(version_, "use_extended_paths")) forEachListed(version_, place_, list, visit);
  }

  VariableText variables(std::string_view text, VariableText::Groups groups,
                         const std::string& pointer) {
    auto parsed = VariableText::parse(text, secrets_, groups);
    if (!parsed) {
      // "x is not built yet" is said of x.
      const std::string what = parsed.error().message();
      report_.notBuilt(pointer, what.substr(0, what.find(' ')));
      return {};
    }
    rules_.needs_form = rules_.needs_form || parsed->needsForm();
    return std::move(*parsed);
  }

  HeaderEdit globalHeaders(const std::string& set) {
    if (flagOf(version_, set + "_disabled")) return {};
    return headers(version_, set, set + "_remove", place_);
  }

  void readHeaders(const std::string& list, std::vector<EndpointHeaders>& out) {
    forEach(list, [&](const Json& entry, EndpointPlace place) {
      HeaderEdit edit = headers(entry, "add_headers", "delete_headers", place.pointer);
      out.push_back({std::move(place), std::move(edit)});
    });
  }

  VariableText rewriteTo(const Json& entry, const std::string& pointer) {
    constexpr std::string_view kLoop = "tyk://";
    const std::string_view text = textOf(entry, "rewrite_to");
    if (equalsIgnoreCase(text.substr(0, kLoop.size()), kLoop)) {
      report_.notBuilt(pointer + "/rewrite_to", "looping (tyk://)");
    }
    return variables(text, VariableText::Groups::kYes, pointer + "/rewrite_to");
  }

  RewriteRule rewrite(const Json& entry, EndpointPlace place) {
    RewriteRule rule;
    rule.match_pattern = textOf(entry, "match_pattern");
    rule.rewrite_to = rewriteTo(entry, place.pointer);
    if (const Json* triggers = filled(entry, "triggers");
        triggers != nullptr && triggers->is_array()) {
      std::size_t index = 0;
      for (const Json& from : *triggers) {
        rule.triggers.push_back(trigger(from, pointerTo(place.pointer + "/triggers", index++)));
      }
    }
    rule.place = std::move(place);
    return rule;
  }

  TriggerMatch match(const Json& from, std::string name) {
    return {std::move(name), std::string(textOf(from, "match_rx")), flagOf(from, "reverse")};
  }

  RewriteTrigger trigger(const Json& from, const std::string& pointer) {
    RewriteTrigger trigger;
    trigger.any = textOf(from, "on") == "any";
    trigger.rewrite_to = rewriteTo(from, pointer);
    const Json* options = member(from, "options");
    if (options == nullptr || !options->is_object()) return trigger;
    for (const OptionName& known : kOptions) {
      const Json* entries = filled(*options, known.name);
      if (entries == nullptr || !entries->is_object()) continue;
      TriggerOption option{known.input, {}};
      for (const auto& [name, entry] : entries->items()) {
        option.matches.push_back(match(entry, name));
        noteContext(known.input, name);
      }
      trigger.options.push_back(std::move(option));
    }
    const Json* payload = member(*options, "payload_matches");
    if (payload != nullptr && !textOf(*payload, "match_rx").empty())
      trigger.options.push_back({TriggerInput::kBody, {match(*payload, {})}});
    return trigger;
  }

  void noteContext(TriggerInput input, std::string_view name) {
    if (input != TriggerInput::kContext) return;
    const ContextName::Kind kind = ContextName::parse(name).kind;
    rules_.needs_form = rules_.needs_form || kind == ContextName::Kind::kFormValue;
  }

  const Json& version_;
  std::string place_;
  SecretSources secrets_;
  TransformRules& rules_;
  Report& report_;
};

/// The first `header_injector` among the processors; null when there is none.
const Json* injectorOptions(const Json& document, std::string& pointer) {
  const Json* processors = member(document, "response_processors");
  if (processors == nullptr || !processors->is_array()) return nullptr;
  std::size_t index = 0;
  for (const Json& processor : *processors) {
    pointer = pointerTo("/response_processors", index++) + "/options";
    if (textOf(processor, "name") == "header_injector") return filled(processor, "options");
  }
  return nullptr;
}

bool mayHaveScheme(const VariableText& text) noexcept {
  if (text.pieces().empty()) return false;
  constexpr std::string_view kScheme = "http";
  const std::string_view begin = text.beginning();
  const std::size_t size = std::min(begin.size(), kScheme.size());
  return equalsIgnoreCase(begin.substr(0, size), kScheme.substr(0, size));
}

}  // namespace

bool mayLeaveTarget(const RewriteRule& rule) noexcept {
  return mayHaveScheme(rule.rewrite_to) ||
         std::any_of(rule.triggers.begin(), rule.triggers.end(), [](const RewriteTrigger& trigger) {
           return mayHaveScheme(trigger.rewrite_to);
         });
}

std::shared_ptr<const TransformRules> readTransforms(const Json& document, const Json& version,
                                                     const std::string& place,
                                                     const GatewayConfig& config, Report& report) {
  auto rules = std::make_shared<TransformRules>();
  rules->matching.prefix = config.http_server_options.enable_path_prefix_matching;
  rules->matching.suffix = config.http_server_options.enable_path_suffix_matching;
  TransformReader reader(version, place, config, *rules, report);
  reader.read();
  std::string pointer;
  const Json* options = injectorOptions(document, pointer);
  if (options != nullptr && !flagOf(version, "global_response_headers_disabled")) {
    rules->processor_headers = reader.headers(*options, "add_headers", "remove_headers", pointer);
  }
  return rules;
}

}  // namespace tykpp::definition
