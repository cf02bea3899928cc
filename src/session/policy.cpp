#include "session/policy.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "session/impl/members.hpp"
#include "session/impl/policy_json.hpp"

namespace tykpp::session {

void visitMembers(auto& visitor, Either<PolicyPartitions> auto& partitions) {
  visitor.always("quota", partitions.quota);
  visitor.always("rate_limit", partitions.rate_limit);
  visitor.always("complexity", partitions.complexity);
  visitor.always("acl", partitions.acl);
  visitor.always("per_api", partitions.per_api);
}

void visitMembers(auto& visitor, Either<Policy> auto& policy) {
  visitor.always("_id", policy.object_id);
  visitor.always("id", policy.id);
  visitor.always("name", policy.name);
  visitor.always("org_id", policy.org_id);
  visitor.always("rate", policy.limit.rate.rate);
  visitor.always("per", policy.limit.rate.per);
  visitor.always("quota_max", policy.limit.quota_max);
  visitor.always("quota_renewal_rate", policy.limit.quota_renewal_rate);
  visitor.always("throttle_interval", policy.limit.throttle_interval);
  visitor.always("throttle_retry_limit", policy.limit.throttle_retry_limit);
  visitor.always("max_query_depth", policy.limit.max_query_depth);
  visitor.always("access_rights", policy.access_rights);
  visitor.always("hmac_enabled", policy.hmac_enabled);
  visitor.always("enable_http_signature_validation", policy.enable_http_signature_validation);
  visitor.always("active", policy.active);
  visitor.always("is_inactive", policy.is_inactive);
  visitor.always("tags", policy.tags);
  visitor.always("key_expires_in", policy.key_expires_in);
  visitor.field("post_expiry_action", policy.post_expiry_action);
  visitor.always("post_expiry_grace_period", policy.post_expiry_grace_period);
  visitor.always("partitions", policy.partitions);
  visitor.always("last_updated", policy.last_updated);
  visitor.always("meta_data", policy.meta_data);
  visitor.always("graphql_access_rights", policy.graphql_access_rights);
  visitor.always("smoothing", policy.limit.rate.smoothing);
}

Result<Policy> readPolicy(const Json& object) {
  if (!object.is_object()) return wrongType("a JSON object", object);
  Policy policy;
  JsonReader reader(object);
  visitMembers(reader, policy);
  if (reader.failed()) return reader.takeError();
  return policy;
}

Result<Policy> Policy::parse(std::string_view json) {
  const Result<Json> document = parseDocument(json);
  if (!document) return document.error();
  return readPolicy(*document);
}

Result<std::vector<Policy>> Policy::parseList(std::string_view json) {
  const Result<Json> document = parseDocument(json);
  if (!document) return document.error();
  if (!document->is_array()) return wrongType("an array of policies", *document);
  std::vector<Policy> policies;
  for (const Json& element : *document) {
    Result<Policy> policy = readPolicy(element);
    if (!policy) return Error(policy.error()).at("/" + std::to_string(policies.size()));
    policies.push_back(std::move(*policy));
  }
  return policies;
}

std::string Policy::json() const {
  std::string out;
  JsonWriter(out).value(*this);
  return out;
}

std::string Policy::fileText() const { return indentJson(json()); }

const AccessRights& Policy::rights() const noexcept {
  static const AccessRights kNone;
  return access_rights ? *access_rights : kNone;
}

bool isSafePolicyId(std::string_view id) noexcept {
  const auto allowed = [](char c) {
    const char lower = toLower(c);
    return (lower >= 'a' && lower <= 'z') || isDigit(c) || c == '.' || c == '_' || c == '-' ||
           c == '~';
  };
  return !id.empty() && id != "." && id != ".." && std::all_of(id.begin(), id.end(), allowed);
}

}  // namespace tykpp::session
