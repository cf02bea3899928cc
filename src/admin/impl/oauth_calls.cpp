#include "admin/impl/oauth_calls.hpp"

#include <algorithm>

#include "admin/impl/answers.hpp"
#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "definition/auth_rules.hpp"
#include "oauth/call.hpp"
#include "session/key_hash.hpp"
#include "session/policy_set.hpp"

namespace tykpp::admin {
namespace {

constexpr const char* kNoApi = "API doesn't exist";
constexpr const char* kNoClient = "OAuth Client ID not found";
constexpr const char* kNotStored = "Failure in storing client data.";
constexpr std::int64_t kPageSize = 100;

AdminReply nullAnswer(std::uint16_t status) {
  AdminReply reply = jsonAnswer("null");
  reply.status = status;
  return reply;
}

bool hasServer(const definition::ApiSpec& api) {
  return api.auth != nullptr && api.auth->oauth.enabled;
}

/// Whether clients of an API are kept: JWT can name them as well.
bool keepsClients(const definition::ApiSpec& api) {
  return hasServer(api) || (api.auth != nullptr && api.auth->jwt.enabled);
}

oauth::Form formOf(const AdminRequest& request) {
  oauth::Call call;
  call.method = request.method;
  call.query = request.query;
  call.content_type = request.content_type;
  call.body = request.body;
  return oauth::Form(call);
}

/// A page's number from the query; anything else is the first.
std::int64_t pageOf(const std::string& text) {
  if (text.empty() || text.size() > 9 || !std::all_of(text.begin(), text.end(), isDigit)) return 1;
  return std::max<std::int64_t>(1, std::stoll(text));
}

}  // namespace

OAuthCalls::Api OAuthCalls::find(const std::string& api_id) const {
  for (Api& api : control_.apis()) {
    if (api->api_id == api_id) return std::move(api);
  }
  return nullptr;
}

std::vector<OAuthCalls::Api> OAuthCalls::servers(const std::string& org_id) const {
  std::vector<Api> apis = control_.apis();
  std::erase_if(apis, [&](const Api& api) {
    return !hasServer(*api) || (!org_id.empty() && api->org_id != org_id);
  });
  std::sort(apis.begin(), apis.end(),
            [](const Api& a, const Api& b) { return a->api_id < b->api_id; });
  return apis;
}

oauth::Store OAuthCalls::storeOf(const Api& api) const {
  return {control_.site(), api->api_id, api->org_id};
}

storage::StoreTask<std::vector<OAuthCalls::Api>> OAuthCalls::knowing(std::string id,
                                                                     std::vector<Api> apis) const {
  std::vector<Api> found;
  for (const Api& api : apis) {
    oauth::Store store = storeOf(api);
    const Result<std::optional<oauth::Client>> client = co_await store.findClient(id);
    if (!client) co_return client.error();
    if (*client) found.push_back(api);
  }
  co_return found;
}

OAuthCalls::Answer OAuthCalls::create(AdminRequest request) {
  auto asked = oauth::ClientRequest::parse(request.body);
  if (!asked) co_return statusMessage(500, "Unmarshalling failed");
  oauth::Client& client = asked->client;
  if (client.id.empty()) client.id = session::makeToken({}, {}, {});
  if (client.secret.empty()) client.secret = encodeBase64(oauth::newUuid());
  std::vector<Api> apis;
  if (!asked->api_id.empty()) {
    apis = {find(asked->api_id)};
    if (apis.front() == nullptr) co_return statusMessage(400, kNoApi);
    if (!hasServer(*apis.front())) co_return statusMessage(400, "API is not OAuth2");
  } else {
    const auto policies = control_.policies();
    const session::Policy* policy = policies->find(client.policy_id);
    if (policy == nullptr) co_return statusMessage(400, "Policy doesn't exist");
    for (const auto& [api_id, right] : policy->rights()) {
      const Api api = find(api_id);
      if (api == nullptr) co_return statusMessage(400, kNoApi);
      if (keepsClients(*api)) apis.push_back(api);
    }
    if (apis.empty()) co_return statusMessage(400, "API is not OAuth2");
  }
  for (const Api& api : apis) {
    oauth::Store store = storeOf(api);
    const Result<bool> saved = co_await store.saveClient(client);
    if (!saved) {
      TYKPP_LOG(err, "api", "client not stored: {} client_id={} api_id={}", saved.error().message(),
                log::quoted(client.id), log::quoted(api->api_id));
      co_return statusMessage(500, kNotStored);
    }
  }
  co_return jsonAnswer(client.shown());
}

OAuthCalls::Answer OAuthCalls::list(std::string api_id) {
  const Api api = find(api_id);
  if (api == nullptr) co_return nullAnswer(404);
  if (!keepsClients(*api)) co_return jsonAnswer("[]");
  oauth::Store store = storeOf(api);
  const Result<std::vector<oauth::Client>> clients = co_await store.clients();
  if (!clients) co_return storeFailed(clients.error());
  std::string json = "[";
  for (const oauth::Client& client : *clients) {
    if (json.size() > 1) json += ',';
    json += client.shown();
  }
  co_return jsonAnswer(std::move(json) + "]");
}

OAuthCalls::Answer OAuthCalls::get(std::string api_id, std::string id) {
  const Api api = find(api_id);
  if (api == nullptr || !keepsClients(*api)) co_return statusMessage(404, kNoClient);
  oauth::Store store = storeOf(api);
  const Result<std::optional<oauth::Client>> client = co_await store.findClient(id);
  if (!client) co_return storeFailed(client.error());
  if (!*client) co_return statusMessage(404, kNoClient);
  co_return jsonAnswer((*client)->shown());
}

OAuthCalls::Answer OAuthCalls::update(std::string api_id, std::string id, AdminRequest request) {
  auto asked = oauth::ClientRequest::parse(request.body);
  if (!asked) co_return statusMessage(500, "Unmarshalling failed");
  const Api api = find(api_id);
  if (api == nullptr || !keepsClients(*api)) co_return statusMessage(404, kNoApi);
  oauth::Client& client = asked->client;
  if (!client.policy_id.empty()) {
    const auto policies = control_.policies();
    const session::Policy* policy = policies->find(client.policy_id);
    if (policy == nullptr) co_return statusMessage(404, "Policy doesn't exist");
    if (!policy->rights().contains(api_id)) {
      co_return statusMessage(
          400, "Policy access rights doesn't contain API this OAuth client belongs to");
    }
  }
  oauth::Store store = storeOf(api);
  const Result<std::optional<oauth::Client>> known = co_await store.findClient(id);
  if (!known) co_return storeFailed(known.error());
  if (!*known) co_return statusMessage(404, kNoClient);
  client.id = id;
  client.secret = (*known)->secret;
  const Result<bool> saved = co_await store.saveClient(client);
  if (!saved) co_return statusMessage(500, "Failure in storing client data");
  if (client.policy_id != (*known)->policy_id) {
    const Result<std::int64_t> removed = co_await store.removeTokens(id);
    if (!removed) co_return storeFailed(removed.error());
  }
  co_return jsonAnswer(client.shown());
}

OAuthCalls::Answer OAuthCalls::rotate(std::string api_id, std::string id) {
  const Api api = find(api_id);
  if (api == nullptr || !keepsClients(*api)) co_return statusMessage(404, kNoApi);
  oauth::Store store = storeOf(api);
  Result<std::optional<oauth::Client>> known = co_await store.findClient(id);
  if (!known) co_return storeFailed(known.error());
  if (!*known) co_return statusMessage(404, kNoClient);
  oauth::Client& client = **known;
  client.secret = encodeBase64(oauth::newUuid());
  const Result<bool> saved = co_await store.saveClient(client);
  if (!saved) co_return statusMessage(500, "Failure in storing client data");
  co_return jsonAnswer(client.shown());
}

OAuthCalls::Answer OAuthCalls::remove(std::string api_id, std::string id) {
  const Api api = find(api_id);
  if (id.empty() || api == nullptr || !keepsClients(*api)) co_return statusMessage(404, kNoClient);
  oauth::Store store = storeOf(api);
  const Result<bool> removed = co_await store.removeClient(id);
  if (!removed) co_return statusMessage(500, "Delete failed");
  if (!*removed) co_return statusMessage(404, kNoClient);
  co_return modified(id, "deleted");
}

OAuthCalls::Answer OAuthCalls::tokens(std::string api_id, std::string id, AdminRequest request) {
  const Api api = find(api_id);
  if (api == nullptr || !keepsClients(*api)) co_return statusMessage(404, kNoClient);
  oauth::Store store = storeOf(api);
  const Result<std::vector<oauth::ListedToken>> listed = co_await store.tokens(id);
  if (!listed) co_return statusMessage(500, "Get client tokens failed");
  const std::string page_text = queryValue(request.query, "page");
  const std::int64_t page = pageOf(page_text);
  const std::int64_t now = unixSeconds();
  std::vector<const oauth::ListedToken*> good;
  for (const oauth::ListedToken& token : *listed) {
    if (token.expires > now) good.push_back(&token);
  }
  const auto total = static_cast<std::int64_t>(good.size());
  const std::int64_t first = page_text.empty() ? 0 : std::min(total, (page - 1) * kPageSize);
  const std::int64_t end = page_text.empty() ? total : std::min(total, first + kPageSize);
  std::string json = "[";
  for (std::int64_t i = first; i < end; ++i) {
    const oauth::ListedToken& token = *good[static_cast<std::size_t>(i)];
    if (json.size() > 1) json += ',';
    json += R"({"code":)" + jsonString(token.name) + R"(,"expires":)" +
            std::to_string(token.expires) + "}";
  }
  json += "]";
  if (page_text.empty()) co_return jsonAnswer(std::move(json));
  const std::int64_t pages = (total + kPageSize - 1) / kPageSize;
  co_return jsonAnswer(R"({"Pagination":{"page_num":)" + std::to_string(page) +
                       R"(,"page_total":)" + std::to_string(pages) + R"(,"page_size":)" +
                       std::to_string(kPageSize) + R"(},"Tokens":)" + json + "}");
}

OAuthCalls::Answer OAuthCalls::apisOf(std::string id, AdminRequest request) {
  auto asking = knowing(id, servers(queryValue(request.query, "orgID")));
  const Result<std::vector<Api>> apis = co_await asking;
  if (!apis) co_return storeFailed(apis.error());
  std::string json = "[";
  for (const Api& api : *apis) {
    if (json.size() > 1) json += ',';
    json += jsonString(api->api_id);
  }
  co_return jsonAnswer(std::move(json) + "]");
}

OAuthCalls::Answer OAuthCalls::removeRefresh(std::string token, AdminRequest request) {
  const std::string api_id = queryValue(request.query, "api_id");
  if (api_id.empty()) co_return statusMessage(400, "Missing parameter api_id");
  const Api api = find(api_id);
  if (api == nullptr) co_return statusMessage(404, "API for this refresh token not found");
  if (!hasServer(*api)) co_return statusMessage(400, "OAuth is not enabled on this API");
  oauth::Store store = storeOf(api);
  const Result<bool> removed = co_await store.removeRefresh(token);
  if (!removed) co_return statusMessage(500, "Failed to invalidate refresh token");
  co_return modified(token, "deleted");
}

OAuthCalls::Answer OAuthCalls::revoke(AdminRequest request) {
  const oauth::Form form = formOf(request);
  if (form.malformed()) co_return statusMessage(400, "cannot parse form. Form malformed");
  const std::string token(form.get("token"));
  const std::string id(form.get("client_id"));
  const std::string hint(form.get("token_type_hint"));
  if (token.empty()) co_return statusMessage(400, "token is required");
  if (id.empty()) co_return statusMessage(400, "client_id is required");
  auto asking = knowing(id, servers(std::string(form.get("org_id"))));
  const Result<std::vector<Api>> apis = co_await asking;
  if (!apis) co_return storeFailed(apis.error());
  if (apis->empty()) co_return statusMessage(400, "oauth client doesn't exist");
  for (const Api& api : *apis) {
    oauth::Store store = storeOf(api);
    if (hint != "refresh_token") {
      const Result<bool> removed = co_await store.removeAccess(token);
      if (!removed) co_return storeFailed(removed.error());
    }
    if (hint != "access_token") {
      const Result<bool> removed = co_await store.removeRefresh(token);
      if (!removed) co_return storeFailed(removed.error());
    }
  }
  co_return statusMessage(200, "token revoked successfully");
}

OAuthCalls::Answer OAuthCalls::revokeAll(AdminRequest request) {
  const oauth::Form form = formOf(request);
  if (form.malformed()) co_return statusMessage(400, "cannot parse form. Form malformed");
  const std::string id(form.get("client_id"));
  const std::string secret(form.get("client_secret"));
  if (id.empty()) co_return statusMessage(401, "client_id is required");
  if (secret.empty()) co_return statusMessage(401, "client_secret is required");
  auto asking = knowing(id, servers(std::string(form.get("org_id"))));
  const Result<std::vector<Api>> apis = co_await asking;
  if (!apis) co_return storeFailed(apis.error());
  if (apis->empty()) co_return statusMessage(404, "oauth client doesn't exist");
  for (const Api& api : *apis) {
    oauth::Store store = storeOf(api);
    const Result<std::optional<oauth::Client>> client = co_await store.findClient(id);
    if (!client) co_return storeFailed(client.error());
    // A wrong secret shows in nothing but tokens that are still good, as in the original.
    if (!*client || !equalsConstantTime((*client)->secret, secret)) continue;
    const Result<std::int64_t> removed = co_await store.removeTokens(id);
    if (!removed) co_return storeFailed(removed.error());
  }
  co_return statusMessage(200, "tokens revoked successfully");
}

OAuthCalls::Answer OAuthCalls::purge(AdminRequest request) {
  const std::string scope = queryValue(request.query, "scope");
  if (scope.empty()) co_return statusMessage(422, "scope parameter is required");
  if (scope != "lapsed") co_return statusMessage(400, "unknown scope");
  const Result<bool> purged = co_await oauth::purgeLapsed(control_.site());
  if (!purged) co_return statusMessage(500, "error purging lapsed tokens");
  co_return statusMessage(200, "lapsed tokens purged");
}

}  // namespace tykpp::admin
