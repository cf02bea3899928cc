#include "middleware/endpoint_lists.hpp"

#include <algorithm>
#include <optional>

namespace tykpp::middleware {
namespace {

using definition::EndpointList;
using definition::EndpointPattern;
using definition::EndpointRule;
using definition::MethodAction;
using Decision = EndpointLists::Decision;
using Kind = Decision::Kind;

Decision listDecision(const EndpointRule& rule) {
  switch (rule.list) {
    case EndpointList::kMock:
      return {Kind::kReply, &rule.reply};
    case EndpointList::kIgnored:
      return {Kind::kIgnored};
    case EndpointList::kBlocked:
      return {Kind::kBlocked};
    case EndpointList::kAllowed:
      return {Kind::kAllowed};
  }
  return {Kind::kBlocked};
}

/// What a rule says about a method, nothing when it does not concern it.
std::optional<Decision> decisionFor(const EndpointRule& rule, std::string_view method) {
  if (!rule.actions) {
    const bool any = rule.place.method.empty() && rule.list != EndpointList::kMock;
    if (!any && rule.place.method != method) return std::nullopt;
    return listDecision(rule);
  }
  const auto action =
      std::find_if(rule.actions->begin(), rule.actions->end(),
                   [method](const MethodAction& entry) { return entry.method == method; });
  if (action == rule.actions->end()) return std::nullopt;
  switch (action->kind) {
    case MethodAction::Kind::kList:
      return listDecision(rule);
    case MethodAction::Kind::kReply:
      return Decision{Kind::kReply, &action->reply};
    case MethodAction::Kind::kBlock:
      break;
  }
  return Decision{Kind::kBlocked};
}

Result<EndpointPattern> patternOf(const definition::EndpointPlace& place,
                                  definition::EndpointMatching matching, bool ignore_case) {
  matching.ignore_case = matching.ignore_case || ignore_case;
  auto pattern = EndpointPattern::compile(place.path, matching);
  if (!pattern) return Error(pattern.error()).at("/path").at(place.pointer);
  return pattern;
}

}  // namespace

Result<EndpointLists> EndpointLists::compile(const definition::LimitRules& rules) {
  EndpointLists lists;
  for (const definition::EndpointPlace& place : rules.internals) {
    auto pattern = patternOf(place, rules.matching, false);
    if (!pattern) return pattern.error();
    lists.internals_.push_back({place.method, std::move(*pattern)});
  }
  for (const EndpointRule& rule : rules.endpoints) {
    auto pattern = patternOf(rule.place, rules.matching, rule.ignore_case);
    if (!pattern) return pattern.error();
    lists.only_allowed_ = lists.only_allowed_ || rule.list == EndpointList::kAllowed;
    lists.rules_.push_back({rule, std::move(*pattern)});
  }
  return lists;
}

Decision EndpointLists::decide(std::string_view method, const http::EndpointPath& path,
                               std::string_view full_path) const {
  const auto matches = [&](const EndpointPattern& pattern) {
    return path.fits(pattern) || pattern.matches(full_path);
  };
  for (const Internal& internal : internals_) {
    if (internal.method == method && matches(internal.pattern)) return {Kind::kBlocked};
  }
  for (const Rule& entry : rules_) {
    const auto decision = decisionFor(entry.rule, method);
    if (decision && matches(entry.pattern)) return *decision;
  }
  return {only_allowed_ ? Kind::kBlocked : Kind::kAllowed};
}

}  // namespace tykpp::middleware
