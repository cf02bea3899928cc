#include "middleware/jwt_claims.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/log.hpp"
#include "middleware/variables.hpp"

namespace tykpp::middleware {
namespace {

using Json = nlohmann::json;
using definition::ClaimRule;
using definition::JwtRules;

constexpr std::string_view kRefused = "Key not authorized: ";

const Json* memberOf(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

/// An element of a list by its decimal number.
const Json* elementOf(const Json& list, std::string_view number) {
  if (number.empty() || number.size() > 6) return nullptr;
  std::size_t index = 0;
  for (const char c : number) {
    if (c < '0' || c > '9') return nullptr;
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index < list.size() ? &list[index] : nullptr;
}

/// A value at names joined by dots, or null.
/// @param lists  numbers name elements of lists
const Json* nested(const Json& from, std::string_view path, bool lists) {
  const Json* at = &from;
  while (at != nullptr) {
    const std::size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    at = lists && at->is_array() ? elementOf(*at, name) : memberOf(*at, name);
    if (dot == std::string_view::npos) break;
    path.remove_prefix(dot + 1);
  }
  return at;
}

/// A text that a claim has: under its literal name, else along the dots in it.
const Json* textClaim(const Json& claims, std::string_view name) {
  const Json* found = memberOf(claims, name);
  if (found != nullptr && found->is_string() && !found->get_ref<const std::string&>().empty())
    return found;
  if (name.find('.') != std::string_view::npos) {
    const Json* inner = nested(claims, name, false);
    if (inner != nullptr && inner->is_string()) return inner;
  }
  return found != nullptr && found->is_string() ? found : nullptr;
}

std::string textOf(const Json* value) {
  return value == nullptr || !value->is_string() ? std::string{} : value->get<std::string>();
}

TimeClaim timeOf(const Json& claims, std::string_view name) {
  const Json* value = memberOf(claims, name);
  if (value == nullptr) return {};
  if (!value->is_number()) return {TimeClaim::State::kWrong, 0};
  const double given = value->get<double>();
  if (given == 0) return {};
  constexpr double kMost = 1e15;  // past every clock, and whole as a double
  if (!std::isfinite(given)) return {TimeClaim::State::kWrong, 0};
  return {TimeClaim::State::kSet, static_cast<std::int64_t>(std::clamp(given, -kMost, kMost))};
}

void addScopes(const Json& value, bool inside, std::vector<std::string_view>& out) {
  if (value.is_array()) {
    for (const Json& entry : value) addScopes(entry, true, out);
    return;
  }
  if (!value.is_string()) return;
  std::string_view text = value.get_ref<const std::string&>();
  while (!inside) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) break;
    out.push_back(text.substr(0, space));
    text.remove_prefix(space + 1);
  }
  out.push_back(text);
}

void readScopes(const Json& claims, const JwtRules& rules, TokenFacts& facts) {
  if (rules.scope_to_policy.empty()) return;
  const Json* value = nullptr;
  for (const std::string& name : rules.scope_claims) {
    if (value == nullptr) value = nested(claims, name, false);
  }
  if (rules.scope_claims.empty()) value = memberOf(claims, "scope");
  if (value == nullptr) return;
  std::vector<std::string_view> scopes;
  addScopes(*value, false, scopes);
  facts.has_scopes = !scopes.empty();
  std::set<std::string> policies;
  for (const std::string_view scope : scopes) {
    if (const auto found = rules.scope_to_policy.find(scope); found != rules.scope_to_policy.end())
      policies.insert(found->second);
  }
  facts.scope_policies.assign(policies.begin(), policies.end());
}

bool oneOf(const std::vector<std::string>& allowed, std::string_view value) {
  return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

std::string issuerProblem(const Json& claims, const JwtRules& rules) {
  const Json* issuer = memberOf(claims, "iss");
  if (issuer == nullptr) return "issuer claim is required but not present in token";
  if (!issuer->is_string()) return "issuer claim must be a string";
  const std::string text = issuer->get<std::string>();
  return oneOf(rules.allowed_issuers, text) ? "" : "invalid issuer claim: " + text;
}

std::string audienceProblem(const Json& claims, const JwtRules& rules) {
  const Json* audience = memberOf(claims, "aud");
  if (audience == nullptr) return "audience claim is required but not present in token";
  if (!audience->is_string() && !audience->is_array()) return "invalid audience claim format";
  std::string shown;
  const Json list = audience->is_string() ? Json::array({*audience}) : *audience;
  for (const Json& entry : list) {
    if (!entry.is_string()) continue;
    if (oneOf(rules.allowed_audiences, entry.get_ref<const std::string&>())) return {};
    shown += (shown.empty() ? "" : " ") + entry.get<std::string>();
  }
  return "no matching audience found in token: [" + shown + "]";
}

/// Whether a claim has one of the values, in the way of its kind.
bool holds(const ClaimRule& rule, const Json& allowed, const Json& value) {
  if (rule.kind == ClaimRule::Kind::kRequired) return !value.is_null();
  for (const Json& wanted : allowed) {
    if (rule.kind == ClaimRule::Kind::kContains && value.is_string()) {
      if (wanted.is_string() && value.get_ref<const std::string&>().find(
                                    wanted.get_ref<const std::string&>()) != std::string::npos)
        return true;
    } else if (rule.kind == ClaimRule::Kind::kContains && value.is_array()) {
      if (std::find(value.begin(), value.end(), wanted) != value.end()) return true;
    } else if (wanted == value) {
      return true;
    }
  }
  return false;
}

std::string ruleProblem(const Json& claims, const ClaimRule& rule) {
  const Json* value = nested(claims, rule.path, true);
  if (value == nullptr) {
    return "custom claim " + rule.path + " is required but not present in token";
  }
  const Json allowed = Json::parse(rule.allowed, nullptr, false);
  if (holds(rule, allowed, *value)) return {};
  switch (rule.kind) {
    case ClaimRule::Kind::kRequired:
      return "custom claim " + rule.path + " expects a non nil value";
    case ClaimRule::Kind::kContains:
      return "claim " + rule.path + " value does not contain any expected values";
    case ClaimRule::Kind::kExactMatch:
      break;
  }
  return "claim " + rule.path + " value does not match any expected values";
}

std::string customProblem(const Json& claims, const JwtRules& rules) {
  for (const ClaimRule& rule : rules.claim_rules) {
    std::string problem = ruleProblem(claims, rule);
    if (problem.empty()) continue;
    if (!rule.non_blocking) return problem;
    TYKPP_LOG(warn, "jwt", "{}", problem);
  }
  return {};
}

std::string oasProblem(const jwt::Token& token, const JwtRules& rules) {
  const Json& claims = token.claims();
  std::string problem;
  if (!rules.allowed_issuers.empty()) problem = issuerProblem(claims, rules);
  if (problem.empty() && !rules.allowed_audiences.empty()) problem = audienceProblem(claims, rules);
  if (problem.empty() && rules.jti_required && !claims.contains("jti"))
    problem = "JWT ID (jti) claim is required but not present in token";
  if (problem.empty() && !rules.allowed_subjects.empty()) {
    const Result<std::string> subject = keyNameOf(token, rules);
    if (!subject) {
      problem = subject.error().message();
    } else if (!oneOf(rules.allowed_subjects, *subject)) {
      problem = "invalid subject value: " + *subject;
    }
  }
  return problem.empty() ? customProblem(claims, rules) : problem;
}

Error noIdentity(std::string text) {
  return Error(Errc::kForbidden, Side::kClient, 403, std::move(text));
}

/// The user that one claim names. An empty text is an error of its own. @return nothing: no text
std::optional<Result<std::string>> identityIn(const Json& claims, const std::string& name) {
  const Json* value = textClaim(claims, name);
  if (value == nullptr) return std::nullopt;
  std::string text = value->get<std::string>();
  if (!text.empty()) return Result<std::string>(std::move(text));
  return Result<std::string>(
      noIdentity("found an empty user ID in predefined base claim, claim: " + name));
}

void showMembers(const Json& object, std::vector<ShownClaim>& out) {
  if (!object.is_object()) return;
  for (const auto& [name, value] : object.items())
    out.push_back({name, shownJson(value), value.is_string()});
}

}  // namespace

Result<std::string> identityOf(const Json& claims, const JwtRules& rules) {
  constexpr const char* kSubject = "sub";
  bool asked_subject = false;
  for (const std::string& name : rules.identity_claims) {
    asked_subject = asked_subject || name == kSubject;
    if (auto found = identityIn(claims, name); found) return std::move(*found);
  }
  if (!asked_subject || !rules.oas) {
    const Json* subject = memberOf(claims, kSubject);
    if (subject != nullptr && subject->is_string()) {
      if (std::string text = subject->get<std::string>(); !text.empty()) return text;
      return noIdentity(rules.oas ? "found an empty user ID in predefined base claim, claim: sub"
                                  : "found an empty user ID in sub claim");
    }
  }
  return noIdentity("no suitable claims for user ID were found");
}

Result<std::string> keyNameOf(const jwt::Token& token, const JwtRules& rules) {
  if (!rules.skip_kid && token.kid()) return *token.kid();
  return identityOf(token.claims(), rules);
}

TokenFacts factsOf(const jwt::Token& token, const JwtRules& rules) {
  const Json& claims = token.claims();
  TokenFacts facts;
  facts.expires_at = timeOf(claims, "exp");
  facts.issued_at = timeOf(claims, "iat");
  facts.not_before = timeOf(claims, "nbf");
  if (rules.oas) facts.refusal = oasProblem(token, rules);
  Result<std::string> identity = identityOf(claims, rules);
  if (identity) {
    facts.identity = std::move(*identity);
  } else {
    facts.identity_problem = identity.error().message();
  }
  for (const std::string& name : rules.policy_claims) {
    if (facts.base_policy.empty()) facts.base_policy = textOf(textClaim(claims, name));
  }
  if (rules.policy_claims.empty() && !rules.client_claim.empty())
    facts.client = textOf(memberOf(claims, rules.client_claim));
  readScopes(claims, rules, facts);
  if (rules.context_claims) {
    showMembers(token.header(), facts.shown);
    showMembers(claims, facts.shown);
  }
  if (!rules.client_mapping_disabled) {
    for (const char* name : {"clientId", "cid", "client_id"}) {
      const Json* value = memberOf(claims, name);
      if (value == nullptr) continue;
      facts.oauth_client_id = textOf(value);
      break;
    }
  }
  return facts;
}

std::optional<Error> timeProblem(const TokenFacts& facts, const JwtRules& rules, std::int64_t now) {
  using State = TimeClaim::State;
  const char* problem = nullptr;
  const TimeClaim& end = facts.expires_at;
  if (end.state == State::kWrong ||
      (end.state == State::kSet && now - rules.expires_at_skew >= end.seconds))
    problem = "token has expired";
  const auto early = [now](const TimeClaim& claim, std::int64_t skew) {
    return claim.state == State::kWrong ||
           (claim.state == State::kSet && now + skew < claim.seconds);
  };
  if (early(facts.issued_at, rules.issued_at_skew)) problem = "token used before issued";
  if (early(facts.not_before, rules.not_before_skew)) problem = "token is not valid yet";
  if (problem == nullptr) return std::nullopt;
  return Error(Errc::kForbidden, Side::kClient, 401, std::string(kRefused) + problem);
}

}  // namespace tykpp::middleware
