#include "drivers/grpc/impl/session_message.hpp"

#include <cmath>
#include <string>

#include "base/text.hpp"
#include "drivers/coprocess/message.hpp"

namespace tykpp::drivers::grpc {
namespace {

using Json = nlohmann::json;
using Session = ::coprocess::SessionState;

// The lite runtime has no reflection: fields of one type are listed with what reads and sets them.
struct IntField {
  const char* name;
  std::int64_t (Session::*get)() const;
  void (Session::*set)(std::int64_t);
};
constexpr IntField kInts[] = {
    {"last_check", &Session::last_check, &Session::set_last_check},
    {"expires", &Session::expires, &Session::set_expires},
    {"quota_max", &Session::quota_max, &Session::set_quota_max},
    {"quota_renews", &Session::quota_renews, &Session::set_quota_renews},
    {"quota_remaining", &Session::quota_remaining, &Session::set_quota_remaining},
    {"quota_renewal_rate", &Session::quota_renewal_rate, &Session::set_quota_renewal_rate},
    {"data_expires", &Session::data_expires, &Session::set_data_expires},
    {"id_extractor_deadline", &Session::id_extractor_deadline, &Session::set_id_extractor_deadline},
    {"session_lifetime", &Session::session_lifetime, &Session::set_session_lifetime},
    {"max_query_depth", &Session::max_query_depth, &Session::set_max_query_depth},
    {"post_expiry_grace_period", &Session::post_expiry_grace_period,
     &Session::set_post_expiry_grace_period},
};
struct DoubleField {
  const char* name;
  double (Session::*get)() const;
  void (Session::*set)(double);
};
constexpr DoubleField kDoubles[] = {{"allowance", &Session::allowance, &Session::set_allowance},
                                    {"rate", &Session::rate, &Session::set_rate},
                                    {"per", &Session::per, &Session::set_per}};
struct BoolField {
  const char* name;
  bool (Session::*get)() const;
  void (Session::*set)(bool);
};
constexpr BoolField kBools[] = {
    {"hmac_enabled", &Session::hmac_enabled, &Session::set_hmac_enabled},
    {"is_inactive", &Session::is_inactive, &Session::set_is_inactive},
    {"enable_detailed_recording", &Session::enable_detailed_recording,
     &Session::set_enable_detailed_recording}};
struct TextField {
  const char* name;
  const std::string& (Session::*get)() const;
  std::string* (Session::*edit)();
};
constexpr TextField kTexts[] = {
    {"org_id", &Session::org_id, &Session::mutable_org_id},
    {"oauth_client_id", &Session::oauth_client_id, &Session::mutable_oauth_client_id},
    {"hmac_secret", &Session::hmac_secret, &Session::mutable_hmac_secret},
    {"apply_policy_id", &Session::apply_policy_id, &Session::mutable_apply_policy_id},
    {"alias", &Session::alias, &Session::mutable_alias},
    {"last_updated", &Session::last_updated, &Session::mutable_last_updated},
    {"certificate", &Session::certificate, &Session::mutable_certificate},
    {"key_id", &Session::key_id, &Session::mutable_key_id},
    {"post_expiry_action", &Session::post_expiry_action, &Session::mutable_post_expiry_action}};

const Json* find(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::int64_t wholeNumber(const Json& value) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  constexpr double kLimit = 9.2e18;
  const double number = value.is_number() ? value.get<double>() : 0;
  return std::isfinite(number) && std::abs(number) < kLimit ? static_cast<std::int64_t>(number) : 0;
}

/// The server would refuse a text that is no UTF-8; such a one cannot stand in a JSON text either.
void readText(const Json& object, const char* name, std::string& to) {
  const Json* value = find(object, name);
  if (value == nullptr || !value->is_string()) return;
  const auto& text = value->get_ref<const std::string&>();
  if (isUtf8(text)) to = text;
}

template <class List>
void readTexts(const Json& object, const char* name, List& to) {
  const Json* values = find(object, name);
  if (values == nullptr || !values->is_array()) return;
  for (const Json& value : *values) {
    if (value.is_string()) *to.Add() = value.get_ref<const std::string&>();
  }
}

template <class Map>
void readMap(const Json& object, const char* name, Map& to) {
  const Json* values = find(object, name);
  if (values == nullptr || !values->is_object()) return;
  for (const auto& [key, value] : values->items()) {
    if (value.is_string()) to[key] = value.template get_ref<const std::string&>();
  }
}

void readRights(const Json& message, Session& session) {
  const Json* rights = find(message, "access_rights");
  if (rights == nullptr || !rights->is_object()) return;
  for (const auto& [id, from] : rights->items()) {
    ::coprocess::AccessDefinition& right = (*session.mutable_access_rights())[id];
    readText(from, "api_name", *right.mutable_api_name());
    readText(from, "api_id", *right.mutable_api_id());
    readTexts(from, "versions", *right.mutable_versions());
    const Json* urls = find(from, "allowed_urls");
    if (urls == nullptr || !urls->is_array()) continue;
    for (const Json& url : *urls) {
      ::coprocess::AccessSpec& spec = *right.add_allowed_urls();
      readText(url, "url", *spec.mutable_url());
      readTexts(url, "methods", *spec.mutable_methods());
    }
  }
}

/// What has no fraction is written without one, as the store has it.
Json number(double value) {
  constexpr double kExact = 1e15;
  if (std::abs(value) < kExact && value == std::trunc(value))
    return static_cast<std::int64_t>(value);
  return value;
}

template <class List>
Json list(const List& values) {
  Json out = Json::array();
  for (const auto& value : values) out.push_back(value);
  return out;
}

template <class Map>
Json map(const Map& values) {
  Json out = Json::object();
  for (const auto& [key, value] : values) out[key] = value;
  return out;
}

Json rightsJson(const Session& session) {
  Json rights = Json::object();
  for (const auto& [id, right] : session.access_rights()) {
    Json& out = rights[id];
    out = {{"api_name", right.api_name()}, {"api_id", right.api_id()}};
    out["versions"] = list(right.versions());
    if (right.allowed_urls().empty()) continue;
    Json& urls = out["allowed_urls"] = Json::array();
    for (const auto& spec : right.allowed_urls()) {
      urls.push_back({{"url", spec.url()}, {"methods", list(spec.methods())}});
    }
  }
  return rights;
}

}  // namespace

Session sessionFrom(const Json& message) {
  Session session;
  for (const IntField& field : kInts) {
    if (const Json* value = find(message, field.name)) (session.*field.set)(wholeNumber(*value));
  }
  for (const DoubleField& field : kDoubles) {
    const Json* value = find(message, field.name);
    if (value != nullptr && value->is_number()) (session.*field.set)(value->get<double>());
  }
  for (const BoolField& field : kBools) {
    const Json* value = find(message, field.name);
    if (value != nullptr && value->is_boolean()) (session.*field.set)(value->get<bool>());
  }
  for (const TextField& field : kTexts) readText(message, field.name, *(session.*field.edit)());
  readRights(message, session);
  readMap(message, "oauth_keys", *session.mutable_oauth_keys());
  readMap(message, "metadata", *session.mutable_metadata());
  readTexts(message, "tags", *session.mutable_tags());
  readTexts(message, "apply_policies", *session.mutable_apply_policies());
  ::coprocess::BasicAuthData& basic = *session.mutable_basic_auth_data();
  if (const Json* data = find(message, "basic_auth_data")) {
    readText(*data, "password", *basic.mutable_password());
    readText(*data, "hash", *basic.mutable_hash());
  }
  ::coprocess::JWTData& jwt = *session.mutable_jwt_data();
  if (const Json* data = find(message, "jwt_data")) {
    readText(*data, "secret", *jwt.mutable_secret());
  }
  ::coprocess::Monitor& monitor = *session.mutable_monitor();
  const Json* limits = find(message, "monitor");
  limits = limits != nullptr ? find(*limits, "trigger_limits") : nullptr;
  if (limits != nullptr && limits->is_array()) {
    for (const Json& limit : *limits) {
      if (limit.is_number()) monitor.add_trigger_limits(limit.get<double>());
    }
  }
  return session;
}

Json sessionJson(const Session& session) {
  Json out = Json::object();
  for (const IntField& field : kInts) {
    if (const std::int64_t value = (session.*field.get)(); value != 0) out[field.name] = value;
  }
  for (const DoubleField& field : kDoubles) {
    const double value = (session.*field.get)();
    if (value != 0 && std::isfinite(value)) out[field.name] = number(value);
  }
  for (const BoolField& field : kBools) {
    if ((session.*field.get)()) out[field.name] = true;
  }
  for (const TextField& field : kTexts) {
    const std::string& value = (session.*field.get)();
    if (!value.empty()) out[field.name] = value;
  }
  if (!session.access_rights().empty()) out["access_rights"] = rightsJson(session);
  if (!session.oauth_keys().empty()) out["oauth_keys"] = map(session.oauth_keys());
  if (!session.metadata().empty()) out["metadata"] = map(session.metadata());
  if (!session.tags().empty()) out["tags"] = list(session.tags());
  if (!session.apply_policies().empty()) out["apply_policies"] = list(session.apply_policies());
  if (session.has_basic_auth_data()) {
    const ::coprocess::BasicAuthData& data = session.basic_auth_data();
    out["basic_auth_data"] = {{"password", data.password()}, {"hash", data.hash()}};
  }
  if (session.has_jwt_data()) out["jwt_data"] = {{"secret", session.jwt_data().secret()}};
  if (session.has_monitor()) {
    out["monitor"] = {{"trigger_limits", list(session.monitor().trigger_limits())}};
  }
  return out;
}

}  // namespace tykpp::drivers::grpc
