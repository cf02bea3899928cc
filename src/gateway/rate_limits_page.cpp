#include "gateway/rate_limits_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "definition/api_spec.hpp"
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
#include "session/session_state.hpp"

namespace tykpp::gateway {
namespace {

constexpr std::string_view kPage = "tyk/rate-limits/";

/// Lines of the order table.
constexpr std::string_view kLines[] = {middleware::VersionCheck::kName,
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
  if (!path.ends_with(kPage)) [[likely]]
    return false;
  path.remove_suffix(kPage.size());
  std::string_view listen = exchange.listen_path_match;
  if (listen.ends_with('/')) listen.remove_suffix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  return !exchange.listen_path_match.empty() && path == listen;
}

chain::Chain rateLimitsChain(const chain::Chain& api) {
  return chain::Chain::selected(api, requestOrder(), [](std::string_view line) {
    return std::find(std::begin(kLines), std::end(kLines), line) != std::end(kLines);
  });
}

Result<void> answerRateLimits(http::Exchange& exchange) {
  if (exchange.session == nullptr) {
    return Error(Errc::kForbidden, Side::kClient, 403, "Access to this API has been disallowed");
  }
  const session::ApiLimit& limit = exchange.session->data().limit;
  response::reply(
      exchange, 200, "application/json",
      fmt::format(R"({{"quota":{{"quota_max":{},"quota_remaining":{},"quota_renews":{}}},)"
                  R"("rate_limit":{{"requests":{},"per_unit":{}}}}})"
                  "\n",
                  limit.quota_max, limit.quota_remaining, limit.quota_renews, limit.rate.rate,
                  limit.rate.per));
  return {};
}

}  // namespace tykpp::gateway
