// What a coprocess plugin is shown.

#include <algorithm>
#include <cstring>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "drivers/coprocess/message.hpp"
#include "drivers/message_edit.hpp"
#include "http/header_name.hpp"
#include "http/upstream_change.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::coprocess {
namespace {

std::string_view canonicalName(const http::HeaderField& field, Arena& arena) {
  if (field.id != http::HeaderId::kOther) return http::headerText(field.id);
  char* own = static_cast<char*>(arena.allocate(field.name.size(), 1));
  std::memcpy(own, field.name.data(), field.name.size());
  http::canonicalise(own, field.name.size());
  return {own, field.name.size()};
}

std::string_view decoded(std::string_view text, Arena& arena) {
  if (text.find_first_of("%+") == std::string_view::npos) return text;
  return arena.copy(formDecode(text));
}

/// The first of several values of one name counts.
template <class Pairs, class Text>
void addOnce(Pairs& all, Text name, Text value) {
  const bool known =
      std::any_of(all.begin(), all.end(), [&name](const auto& pair) { return pair.first == name; });
  if (!known) all.emplace_back(std::move(name), std::move(value));
}

/// What the message calls otherwise than the stored session.
struct Renamed {
  const char* stored;
  const char* message;
};
constexpr Renamed kRenamed[] = {{"hmac_string", "hmac_secret"}, {"meta_data", "metadata"}};
/// What the message has under the name it is stored by.
constexpr const char* kSame[] = {"last_check",
                                 "allowance",
                                 "rate",
                                 "per",
                                 "expires",
                                 "quota_max",
                                 "quota_renews",
                                 "quota_remaining",
                                 "quota_renewal_rate",
                                 "org_id",
                                 "oauth_client_id",
                                 "oauth_keys",
                                 "jwt_data",
                                 "hmac_enabled",
                                 "is_inactive",
                                 "apply_policy_id",
                                 "data_expires",
                                 "monitor",
                                 "tags",
                                 "alias",
                                 "last_updated",
                                 "id_extractor_deadline",
                                 "session_lifetime",
                                 "apply_policies",
                                 "post_expiry_action",
                                 "post_expiry_grace_period"};

bool isZero(const nlohmann::json& value) {
  if (value.is_null()) return true;
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.empty();
}

nlohmann::json rightsMessage(const nlohmann::json& rights) {
  nlohmann::json all = nlohmann::json::object();
  for (const auto& [id, right] : rights.items()) {
    if (!right.is_object()) continue;
    nlohmann::json one = nlohmann::json::object();
    for (const char* name : {"api_name", "api_id", "versions", "allowed_urls"}) {
      const auto found = right.find(name);
      if (found != right.end() && !isZero(*found)) one[name] = *found;
    }
    all[id] = std::move(one);
  }
  return all;
}

bool isRewritten(const http::Exchange& exchange) noexcept {
  return exchange.upstream_change != nullptr && exchange.upstream_change->rewritten;
}

}  // namespace

Facts Facts::of(const definition::PluginRef& ref, const definition::ApiSpec& api,
                bool verbatim_names) {
  Facts facts;
  facts.hook_name = ref.name;
  facts.driver = ref.driver;
  facts.api_id = api.api_id;
  facts.org_id = api.org_id;
  facts.spec = {{"OrgID", api.org_id},
                {"APIID", api.api_id},
                {"bundle_hash", api.bundle.hash.empty() ? md5Hex("") : api.bundle.hash}};
  if (!api.config_data.empty()) facts.spec.emplace_back("config_data", api.config_data);
  facts.raw_body_only = ref.raw_body_only;
  facts.verbatim_names = verbatim_names;
  facts.attaches_session = api.customAuthGivesSession();
  return facts;
}

std::vector<ViewPair> requestHeaders(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  std::vector<ViewPair> all;
  all.reserve(request.headers.size() + 1);
  for (const http::HeaderField& field : request.headers) {
    if (field.id == http::HeaderId::kHost) continue;
    const std::string_view name = canonicalName(field, exchange.arena());
    const bool known = std::any_of(all.begin(), all.end(),
                                   [name](const ViewPair& pair) { return pair.first == name; });
    if (!known) all.emplace_back(name, field.value);
  }
  all.emplace_back("Host", request.host);
  return all;
}

std::string_view requestUri(http::Exchange& exchange) {
  if (isRewritten(exchange)) return exchange.upstream_change->url(exchange.arena());
  return exchange.request().received_target;
}

std::string_view shownUrl(http::Exchange& exchange) {
  return isRewritten(exchange) ? exchange.upstream_change->url(exchange.arena())
                               : requestUrl(exchange);
}

std::string_view shownMethod(const http::Exchange& exchange) {
  const http::UpstreamChange* change = exchange.upstream_change;
  return change != nullptr && !change->method.empty() ? change->method : exchange.request().method;
}

std::vector<ViewPair> requestParams(http::Exchange& exchange) {
  std::vector<ViewPair> all;
  forEachFormPair(exchange.request().query, [&](std::string_view name, std::string_view value) {
    addOnce(all, decoded(name, exchange.arena()), decoded(value, exchange.arena()));
  });
  return all;
}

std::vector<Pair> queryParams(std::string_view query) {
  std::vector<Pair> all;
  forEachFormPair(query, [&](std::string_view name, std::string_view value) {
    addOnce(all, formDecode(name), formDecode(value));
  });
  return all;
}

std::string_view requestBody(const http::Exchange& exchange) {
  const std::string* body = exchange.request().body();
  return body == nullptr ? std::string_view{} : std::string_view(*body);
}

std::vector<ViewPair> responseFields(http::Exchange& exchange) {
  std::vector<ViewPair> all;
  all.reserve(exchange.response().headers.size());
  for (const http::HeaderField& field : exchange.response().headers) {
    all.emplace_back(canonicalName(field, exchange.arena()), field.value);
  }
  return all;
}

int hookType(Hook hook) noexcept {
  switch (hook) {
    case Hook::kPre:
      return 1;
    case Hook::kPost:
      return 2;
    case Hook::kPostAuth:
      return 3;
    case Hook::kAuth:
      return 4;
    case Hook::kResponse:
      return 5;
    default:
      return 0;
  }
}

nlohmann::json sessionMessage(const http::Exchange& exchange, Hook hook) {
  if (hook == Hook::kPre || hook == Hook::kAuth) return nullptr;
  if (exchange.session == nullptr) {
    return hook == Hook::kResponse ? nlohmann::json::object() : nlohmann::json();
  }
  return sessionMessage(*exchange.session);
}

nlohmann::json sessionMessage(const session::SessionState& session) {
  const nlohmann::json stored = nlohmann::json::parse(session.json(), nullptr, false);
  nlohmann::json message = nlohmann::json::object();
  if (!stored.is_object()) return message;
  for (const char* name : kSame) {
    const auto found = stored.find(name);
    if (found != stored.end() && !isZero(*found)) message[name] = *found;
  }
  for (const Renamed& renamed : kRenamed) {
    const auto found = stored.find(renamed.stored);
    if (found != stored.end() && !isZero(*found)) message[renamed.message] = *found;
  }
  if (message.contains("metadata")) {
    for (auto& value : message["metadata"]) {
      if (!value.is_string())
        value = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
  }
  if (const auto rights = stored.find("access_rights");
      rights != stored.end() && rights->is_object() && !rights->empty()) {
    message["access_rights"] = rightsMessage(*rights);
  }
  if (const auto basic = stored.find("basic_auth_data");
      basic != stored.end() && basic->is_object()) {
    nlohmann::json data = nlohmann::json::object();
    if (const auto password = basic->find("password"); password != basic->end())
      data["password"] = *password;
    if (const auto hash = basic->find("hash_type"); hash != basic->end()) data["hash"] = *hash;
    message["basic_auth_data"] = std::move(data);
  }
  for (const char* name : {"enable_detailed_recording", "enable_detail_recording"}) {
    const auto found = stored.find(name);
    if (found != stored.end() && found->is_boolean() && found->get<bool>())
      message["enable_detailed_recording"] = true;
  }
  if (!session.token().empty()) message["key_id"] = session.token();
  return message;
}

}  // namespace tykpp::drivers::coprocess
