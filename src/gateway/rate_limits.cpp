#include "gateway/rate_limits.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/chain_order.hpp"
#include "middleware/access_rights.hpp"
#include "middleware/auth_token.hpp"
#include "middleware/basic_auth.hpp"
#include "middleware/client_certificate.hpp"
#include "middleware/hmac_auth.hpp"
#include "middleware/ip_access.hpp"
#include "middleware/jwt.hpp"
#include "middleware/oauth_token.hpp"
#include "middleware/org_monitor.hpp"
#include "middleware/plugin_session.hpp"
#include "middleware/session_check.hpp"
#include "middleware/version_check.hpp"
#include "response/local_reply.hpp"
#include "session/key_counters.hpp"
#include "session/keyring.hpp"
#include "session/session_entry.hpp"
#include "session/session_state.hpp"

namespace tykpp::gateway {
namespace {

constexpr std::string_view kRateLimitsPath = "tyk/rate-limits/";

/// Lines of the order table.
constexpr std::string_view kAskingLines[] = {middleware::VersionCheck::kName,
                                             middleware::IpAccess::kName,
                                             middleware::ClientCertificate::kName,
                                             middleware::OrgMonitor::kName,
                                             middleware::OAuthToken::kName,
                                             middleware::BasicAuth::kName,
                                             middleware::HmacAuth::kName,
                                             middleware::JwtAuth::kName,
                                             "auth",
                                             middleware::AuthToken::kName,
                                             "auth_choice",
                                             middleware::PluginSession::kName,
                                             middleware::SessionCheck::kName,
                                             middleware::AccessRights::kName};

}  // namespace

bool asksForRateLimits(const http::Exchange& exchange) noexcept {
  std::string_view path = exchange.request().path;
  if (!path.ends_with(kRateLimitsPath)) [[likely]]
    return false;
  path.remove_suffix(kRateLimitsPath.size());
  std::string_view listen = exchange.listen_path_match;
  if (listen.ends_with('/')) listen.remove_suffix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  return !exchange.listen_path_match.empty() && path == listen;
}

chain::Chain rateLimitsChain(const chain::BuildContext& build, const chain::Chain& api) {
  const auto asks_who = [](std::string_view line) {
    return std::find(std::begin(kAskingLines), std::end(kAskingLines), line) !=
           std::end(kAskingLines);
  };
  return chain::Chain::selected(api, requestOrder(), asks_who,
                                std::make_shared<RateLimitsPage>(*build.keyrings));
}

Result<chain::Verdict> RateLimitsPage::onRequest(http::Exchange& exchange) const {
  if (exchange.session != nullptr && exchange.session_entry != nullptr) {
    return chain::Verdict::kSuspend;
  }
  return Error(Errc::kForbidden, Side::kClient, 403, "Access to this API has been disallowed");
}

net::Task<Result<chain::Verdict>> RateLimitsPage::finish(http::Exchange& exchange) const {
  session::SessionData data = exchange.session->data();
  data.access_rights.clear();  // what was counted for those is not shown
  const std::string name(exchange.session_entry->key());
  storage::KeyStoreClient& client = keyrings_.of(exchange.workerIndex()).client();
  const Result<bool> filled =
      co_await session::fillRemaining(client, name, data, session::Uncounted::kWhole);
  if (!filled) {
    co_return Error(Errc::kInternal, "There was a problem proxying the request")
        .withDetail(filled.error().message());
  }
  const session::ApiLimit& limit = data.limit;
  response::reply(
      exchange, 200, "application/json",
      fmt::format(R"({{"quota":{{"quota_max":{},"quota_remaining":{},"quota_renews":{}}},)"
                  R"("rate_limit":{{"requests":{},"per_unit":{}}}}})"
                  "\n",
                  limit.quota_max, limit.quota_remaining, limit.quota_renews, limit.rate.rate,
                  limit.rate.per));
  exchange.unrecorded = true;  // about the key, not a use of it
  co_return chain::Verdict::kRespond;
}

}  // namespace tykpp::gateway
