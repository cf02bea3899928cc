#include "session/limit_plan.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "session/limit_pattern.hpp"

namespace tykpp::session {
namespace {

/// The member of `meta_data` that names the counters.
constexpr std::string_view kPattern = "rate_limit_pattern";

std::string customKey(const SessionData& session, const PlanContext& context) {
  const auto found = session.meta_data.find(kPattern);
  if (found == session.meta_data.end() || !found->second.is_text) return {};
  return expandPattern(found->second.text, session.meta_data, context.secrets);
}

}  // namespace

LimitPlan::LimitPlan(const SessionData& session, const PlanContext& context)
    : prefix_matching_(context.matching.prefix),
      counted_under_(customKey(session, context)),
      limit_(session.limitFor(context.api_id)) {
  if (counted_under_.empty()) {
    counted_under_ = context.key;
    edited_ = ":" + session.last_updated;
  }
  const auto right = session.access_rights.find(context.api_id);
  const bool listed = right != session.access_rights.end();
  granted_ = session.access_rights.empty() || listed;
  if (listed) scope_ = right->second.allowance_scope;
  rate_ = ruleFor(limit_.rate, {});
  quota_name_ = quotaName(scope_, counted_under_);
  if (!listed) return;
  addEndpoints(right->second, context);
  addAllowed(right->second, context);
}

RateRule LimitPlan::ruleFor(const RateLimit& limit, std::string_view endpoint) const {
  return makeRateRule(limit, rateLimitName(scope_, counted_under_, endpoint), edited_);
}

std::optional<definition::EndpointPattern> LimitPlan::compiled(const std::string& text,
                                                               const PlanContext& context) {
  auto pattern = definition::EndpointPattern::compile(text, context.matching);
  if (pattern) return std::move(*pattern);
  problems_.push_back(text + ": " + pattern.error().message());
  return std::nullopt;
}

void LimitPlan::addEndpoints(const AccessDefinition& right, const PlanContext& context) {
  for (const EndpointLimits& endpoint : right.endpoints) {
    auto made = compiled(endpoint.path, context);
    if (!made) continue;
    const auto pattern = std::make_shared<const definition::EndpointPattern>(std::move(*made));
    for (const NamedLimit& method : endpoint.methods) {
      const std::string hash = context.hash(endpointId(method.name, endpoint.path));
      endpoints_.push_back({method.name, pattern, ruleFor(method.limit, hash)});
    }
  }
}

void LimitPlan::addAllowed(const AccessDefinition& right, const PlanContext& context) {
  restricted_ = !right.allowed_urls.empty();
  for (const AllowedUrl& allowed : right.allowed_urls) {
    if (auto pattern = compiled(allowed.url, context); pattern) {
      allowed_.push_back({allowed.methods, allowed.url, std::move(*pattern)});
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

bool LimitPlan::Allowed::matches(std::string_view path) const {
  return !url.empty() && (path == url || pattern.matches(path));
}

bool LimitPlan::allows(std::string_view method, std::string_view path,
                       std::string_view full_path) const {
  if (!restricted_) return true;
  return std::any_of(allowed_.begin(), allowed_.end(), [&](const Allowed& allowed) {
    if (std::find(allowed.methods.begin(), allowed.methods.end(), method) ==
        allowed.methods.end()) {
      return false;
    }
    // A pattern that may match anywhere finds the listen path as well, as in the reference.
    if (!prefix_matching_) return allowed.pattern.matches(full_path);
    return allowed.matches(path) || allowed.matches(full_path);
  });
}

}  // namespace tykpp::session
