#include "session/limit_plan.hpp"

#include "base/ascii.hpp"

namespace tykpp::session {
namespace {

RateRule makeRule(const RateLimit& limit, std::string name, std::string bucket) {
  RateRule rule;
  rule.limit = limit;
  rule.blocked = name + ".BLOCKED";
  rule.name = std::move(name);
  rule.bucket = BucketName(std::move(bucket));
  return rule;
}

}  // namespace

LimitPlan::LimitPlan(const SessionData& session, const PlanContext& context)
    : limit_(session.limitFor(context.api_id)) {
  const auto right = session.access_rights.find(context.api_id);
  const bool listed = right != session.access_rights.end();
  granted_ = session.access_rights.empty() || listed;
  if (listed) scope_ = right->second.allowance_scope;
  rate_ = ruleFor(limit_.rate, session, context, {});
  quota_name_ = quotaName(scope_, context.key);
  if (listed) addEndpoints(right->second, session, context);
}

RateRule LimitPlan::ruleFor(const RateLimit& limit, const SessionData& session,
                            const PlanContext& context, std::string_view endpoint) const {
  std::string name = rateLimitName(scope_, context.key, endpoint);
  std::string bucket = name + ":" + session.last_updated;
  return makeRule(limit, std::move(name), std::move(bucket));
}

void LimitPlan::addEndpoints(const AccessDefinition& right, const SessionData& session,
                             const PlanContext& context) {
  for (const EndpointLimits& endpoint : right.endpoints) {
    auto compiled = definition::EndpointPattern::compile(endpoint.path, context.matching);
    if (!compiled) {
      problems_.push_back(endpoint.path + ": " + compiled.error().message());
      continue;
    }
    const auto pattern = std::make_shared<const definition::EndpointPattern>(std::move(*compiled));
    for (const NamedLimit& method : endpoint.methods) {
      std::string hash = context.hash(endpointId(method.name, endpoint.path));
      RateRule rule = ruleFor(method.limit, session, context, hash);
      endpoints_.push_back({method.name, pattern, std::move(hash), std::move(rule)});
    }
  }
}

const RateRule& LimitPlan::rateFor(std::string_view method, std::string_view path) const {
  for (const Endpoint& endpoint : endpoints_) {
    if (equalsIgnoreCase(endpoint.method, method) && endpoint.pattern->matches(path)) {
      return endpoint.rule;
    }
  }
  return rate_;
}

RateRule LimitPlan::under(const RateRule& rule, std::string_view text) const {
  std::string_view hash;
  for (const Endpoint& endpoint : endpoints_) {
    if (&endpoint.rule == &rule) hash = endpoint.hash;
  }
  std::string name = rateLimitName(scope_, text, hash);
  std::string bucket = name;
  return makeRule(rule.limit, std::move(name), std::move(bucket));
}

}  // namespace tykpp::session
