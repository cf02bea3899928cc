#include "session/session_state.hpp"

namespace tykpp::session {
namespace {

/// What a session asks for and nobody does, as the name of the first such member; null: none.
const char* asksForOthers(const SessionData& session) {
  if (session.limit.max_query_depth > 0) return "/max_query_depth";
  if (session.hmac_enabled) return "/hmac_enabled";
  if (session.enable_http_signature_validation) return "/enable_http_signature_validation";
  if (!session.certificate.empty()) return "/certificate";
  if (!session.post_expiry_action.empty()) return "/post_expiry_action";
  if (!session.mtls_static_certificate_bindings.empty()) return "/mtls_static_certificate_bindings";
  return nullptr;
}

}  // namespace

Result<SessionState> SessionState::parse(std::string_view json, std::string_view token) {
  Result<SessionData> data = SessionData::parse(json);
  if (!data) return data.error();
  if (const char* refused = asksForOthers(*data); refused != nullptr) {
    return Error(Errc::kNotBuilt, "is not enforced by this release, so it cannot be set")
        .at(refused);
  }
  return SessionState(std::move(*data), std::string(token), std::string(json));
}

SessionState::SessionState(SessionData data, std::string token)
    : SessionState(std::move(data), std::move(token), {}) {
  json_ = data_.json();
}

SessionState::SessionState(SessionData data, std::string token, std::string json)
    : data_(std::move(data)), token_(std::move(token)), json_(std::move(json)) {
  metadata_.reserve(data_.meta_data.size());
  for (const auto& [name, value] : data_.meta_data) metadata_.emplace_back(name, value.text);
}

}  // namespace tykpp::session
