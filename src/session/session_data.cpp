#include "session/session_data.hpp"

#include "session/impl/members.hpp"

namespace tykpp::session {
namespace {

void visitRate(auto& visitor, auto& session) {
  visitor.field("last_check", session.last_check);
  visitor.field("allowance", session.allowance);
  visitor.field("rate", session.limit.rate.rate);
  visitor.field("per", session.limit.rate.per);
  visitor.field("throttle_interval", session.limit.throttle_interval);
  visitor.field("throttle_retry_limit", session.limit.throttle_retry_limit);
  visitor.field("max_query_depth", session.limit.max_query_depth);
}

void visitQuota(auto& visitor, auto& session) {
  visitor.field("expires", session.expires);
  visitor.field("quota_max", session.limit.quota_max);
  visitor.field("quota_renews", session.limit.quota_renews);
  visitor.field("quota_remaining", session.limit.quota_remaining);
  visitor.field("quota_renewal_rate", session.limit.quota_renewal_rate);
}

void visitCredentials(auto& visitor, auto& session) {
  visitor.field("access_rights", session.access_rights);
  visitor.field("org_id", session.org_id);
  visitor.field("oauth_client_id", session.oauth_client_id);
  visitor.field("oauth_keys", session.oauth_keys);
  visitor.field("certificate", session.certificate);
  visitor.field("mtls_static_certificate_bindings", session.mtls_static_certificate_bindings);
  auto& basic = session.basic_auth_data;
  visitor.object("basic_auth_data", basic.password.empty() && basic.hash_type.empty(),
                 [&](auto& inner) {
                   inner.field("password", basic.password);
                   inner.field("hash_type", basic.hash_type);
                 });
  visitor.object("jwt_data", session.jwt_secret.empty(),
                 [&](auto& inner) { inner.field("secret", session.jwt_secret); });
  visitor.field("hmac_enabled", session.hmac_enabled);
  visitor.field("enable_http_signature_validation", session.enable_http_signature_validation);
  visitor.field("hmac_string", session.hmac_string);
  visitor.field("rsa_certificate_id", session.rsa_certificate_id);
  visitor.field("is_inactive", session.is_inactive);
  visitor.field("apply_policy_id", session.apply_policy_id);
  visitor.field("apply_policies", session.apply_policies);
}

void visitRecords(auto& visitor, auto& session) {
  visitor.field("data_expires", session.data_expires);
  visitor.object("monitor", session.trigger_limits.empty(),
                 [&](auto& inner) { inner.field("trigger_limits", session.trigger_limits); });
  visitor.field("enable_detail_recording", session.enable_detail_recording);
  visitor.field("enable_detailed_recording", session.enable_detailed_recording);
  visitor.field("meta_data", session.meta_data);
  visitor.field("tags", session.tags);
  visitor.field("alias", session.alias);
  visitor.field("last_updated", session.last_updated);
  visitor.field("id_extractor_deadline", session.id_extractor_deadline);
  visitor.field("session_lifetime", session.session_lifetime);
  visitor.field("post_expiry_action", session.post_expiry_action);
  visitor.field("post_expiry_grace_period", session.post_expiry_grace_period);
  visitor.field("smoothing", session.limit.rate.smoothing);
}

void visitSession(auto& visitor, auto& session, auto& date_created) {
  visitRate(visitor, session);
  visitor.field("date_created", date_created);
  visitQuota(visitor, session);
  visitCredentials(visitor, session);
  visitRecords(visitor, session);
}

/// Empty text is no time: such a session is unreadable for the original as well.
Result<Timestamp> readDate(const std::optional<std::string>& text) {
  if (!text) return Timestamp{};
  const std::optional<Timestamp> time = Timestamp::parse(*text);
  if (!time) return Error(Errc::kBadRequest, "must be a time of RFC 3339").at("/date_created");
  return *time;
}

}  // namespace

Result<SessionData> SessionData::parse(std::string_view json) {
  const Result<Json> document = parseDocument(json);
  if (!document) return document.error();
  if (!document->is_object()) return wrongType("a JSON object", *document);
  SessionData session;
  std::optional<std::string> date;
  JsonReader reader(*document);
  visitSession(reader, session, date);
  if (reader.failed()) return reader.takeError();
  const Result<Timestamp> created = readDate(date);
  if (!created) return created.error();
  session.date_created = *created;
  session.unknown = reader.unknown();
  return session;
}

std::string SessionData::json() const {
  std::string out;
  JsonWriter writer(out);
  std::optional<std::string> date;
  if (!date_created.isZero()) date = date_created.text();
  writer.open('{');
  visitSession(writer, *this, date);
  writeUnknown(writer, unknown);
  writer.close('}');
  return out;
}

std::vector<std::string> SessionData::policyIds() const {
  if (!apply_policies.empty()) return apply_policies;
  if (!apply_policy_id.empty()) return {apply_policy_id};
  return {};
}

const ApiLimit& SessionData::limitFor(std::string_view api_id) const noexcept {
  const auto right = access_rights.find(api_id);
  return right == access_rights.end() || right->second.limit.empty() ? limit : right->second.limit;
}

std::string_view SessionData::scopeFor(std::string_view api_id) const noexcept {
  const auto right = access_rights.find(api_id);
  return right == access_rights.end() ? std::string_view{} : right->second.allowance_scope;
}

}  // namespace tykpp::session
