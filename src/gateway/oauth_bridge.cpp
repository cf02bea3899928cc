#include "gateway/oauth_bridge.hpp"

#include "base/log.hpp"
#include "definition/auth_rules.hpp"
#include "middleware/cors.hpp"
#include "response/local_reply.hpp"

namespace tykpp::gateway {
namespace {

/// What CORS says about these endpoints. @return whether it has answered already
bool corsAnswers(const ApiRuntime& api, http::Exchange& exchange) {
  for (const auto& step : api.chain.request()) {
    if (step->name() != middleware::Cors::kName) continue;
    const Result<chain::Verdict> verdict = step->onRequest(exchange);
    return verdict && *verdict == chain::Verdict::kRespond;
  }
  return false;
}

oauth::Call callOf(const http::Request& request) {
  oauth::Call call;
  call.method = request.method;
  call.query = request.query;
  call.content_type = request.headers.get(http::HeaderId::kContentType);
  call.authorization = request.headers.get(http::HeaderId::kAuthorization);
  call.admin_secret = request.headers.get(http::HeaderId::kXTykAuthorization);
  if (request.body() != nullptr) call.body = *request.body();
  return call;
}

}  // namespace

OAuthBridge::OAuthBridge(session::Keyrings& keyrings, net::Loop& main)
    : keyrings_(keyrings), main_(main), notifier_(main), server_(notifier_), later_(main.wheel()) {}

oauth::Endpoint OAuthBridge::endpointOf(const http::Exchange& exchange) noexcept {
  std::string_view path = exchange.request().path;
  std::size_t prefix = exchange.listen_path_match.size();
  if (prefix == 0) prefix = exchange.api->api_id.size() + 1;  // reached as /<api_id>/
  return path.size() > prefix ? oauth::endpointOf(path.substr(prefix)) : oauth::Endpoint::kNone;
}

net::Task<void> OAuthBridge::answer(http::ServerExchange& sx, const ApiRuntime& api,
                                    oauth::Endpoint endpoint) const {
  http::Exchange& exchange = sx.exchange();
  const bool admin = endpoint == oauth::Endpoint::kAuthorizeClient;
  if (!admin && corsAnswers(api, exchange)) co_return;
  const Result<void> read = co_await sx.bufferBody(oauth::Server::kMaxBodyBytes);
  if (!read) {
    response::statusMessage(exchange, read.error().status(), read.error().message());
    co_return;
  }
  const oauth::Site site = oauth::siteOf(keyrings_.of(exchange.workerIndex()));
  auto task = server_.answer(site, *api.spec, endpoint, callOf(exchange.request()));
  oauth::Answer answer = co_await task;
  http::Response& response = exchange.response();
  response.status = answer.status;
  response.headers.clear();
  if (!answer.content_type.empty()) {
    response.headers.addCopy(http::HeaderId::kContentType, answer.content_type);
  }
  for (const auto& [name, value] : answer.headers) {
    response.headers.addCopy(std::string_view(name), value);
  }
  response.setBody(std::move(answer.body));
}

void OAuthBridge::keepUp(const oauth::Site& site) {
  site_ = &site;
  schedule();
}

void OAuthBridge::schedule() {
  const auto pause = site_->config.identity.oauth.tokens_purge_interval;
  if (pause.count() <= 0) return;
  later_.add(main_.now() + pause, [this] {
    purge();
    schedule();
  });
}

void OAuthBridge::purge() {
  if (site_ != nullptr) purgeOnce();
}

net::Detached OAuthBridge::purgeOnce() {
  const Result<bool> done = co_await oauth::purgeLapsed(*site_);
  if (!done) {
    TYKPP_LOG(err, "oauth", "lapsed tokens could not be purged: {}", done.error().message());
  }
}

}  // namespace tykpp::gateway
