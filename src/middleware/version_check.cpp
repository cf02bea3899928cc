#include "middleware/version_check.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "definition/api_spec.hpp"
#include "events/fire.hpp"
#include "http/content_sniff.hpp"
#include "http/endpoint_path.hpp"

namespace tykpp::middleware {
namespace {

using Decision = EndpointLists::Decision;

constexpr const char* kApiExpired =
    "API has expired, please check documentation or contact administrator";
constexpr const char* kVersionExpired =
    "Api Version has expired, please check documentation or contact administrator";

/// A question of a browser before the request itself (Fetch standard, "CORS protocol").
bool isPreflight(const http::Request& request) {
  return request.method == "OPTIONS" && request.headers.contains("Access-Control-Request-Method");
}

/// Texts live as long as the chain, which the exchange holds.
void answerWith(const definition::MadeUpReply& reply, http::Response& response) {
  response.headers.clear();
  response.status = reply.code;
  for (const auto& [name, value] : reply.headers)
    response.headers.set(std::string_view(name), value);
  if (!reply.body.empty() && !response.headers.contains(http::HeaderId::kContentType)) {
    response.headers.set(http::HeaderId::kContentType, http::sniffContentType(reply.body));
  }
  response.setBody(reply.body);
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> VersionCheck::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  Rules rules;
  rules.expires_at = build.api.expires_at;
  rules.of_version = !build.api.version_name.empty();
  rules.preflights_pass = build.api.cors.enabled && !build.api.cors.options_passthrough;
  if (build.api.limits != nullptr) {
    auto lists = EndpointLists::compile(*build.api.limits);
    if (!lists) return lists.error();
    rules.lists = std::move(*lists);
  }
  if (rules.expires_at || !rules.lists.empty()) {
    steps.push_back(std::make_unique<VersionCheck>(std::move(rules), build.events));
  }
  return steps;
}

Error VersionCheck::refused(const http::Exchange& exchange, const char* reason) const {
  events::fireVersionFailure(events_, exchange, reason);
  return Error(Errc::kForbidden, Side::kClient, 403, reason);
}

Result<chain::Verdict> VersionCheck::onRequest(http::Exchange& exchange) const {
  if (rules_.expires_at && unixSeconds() >= *rules_.expires_at) {
    return refused(exchange, rules_.of_version ? kVersionExpired : kApiExpired);
  }
  if (rules_.lists.empty()) return chain::Verdict::kContinue;
  const http::Request& request = exchange.request();
  if (rules_.preflights_pass && isPreflight(request)) {
    exchange.ignore_auth = true;
    return chain::Verdict::kContinue;
  }
  const Decision decision =
      rules_.lists.decide(request.method, http::endpointPath(exchange), request.path);
  switch (decision.kind) {
    case Decision::Kind::kAllowed:
      break;
    case Decision::Kind::kIgnored:
      exchange.ignore_auth = true;
      break;
    case Decision::Kind::kBlocked:
      return refused(exchange, "Requested endpoint is forbidden");
    case Decision::Kind::kReply:
      answerWith(*decision.reply, exchange.response());
      return chain::Verdict::kRespond;
  }
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
