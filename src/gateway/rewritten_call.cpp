#include "gateway/rewritten_call.hpp"

#include "http/upstream_change.hpp"
#include "route/upstream_path.hpp"

namespace tykpp::gateway {
namespace {

Error unreachable(std::string detail) {
  return Error(Errc::kInternal, Side::kGateway, 500, "There was a problem proxying the request")
      .withDetail(std::move(detail));
}

}  // namespace

Result<void> applyUpstreamChange(const ApiRuntime& api, const definition::GatewayConfig& config,
                                 const definition::TargetUrl& target,
                                 upstream::EndpointCache& endpoints, http::Exchange& exchange,
                                 upstream::CallOptions& options) {
  static const definition::TargetUrl kNowhere;
  const http::UpstreamChange& change = *exchange.upstream_change;
  options.method = change.method;
  options.hides_client = change.hides_client;
  if (!change.rewritten) return {};
  const definition::ApiSpec& spec = *api.spec;
  http::Request rewritten(exchange.arena());
  if (!rewritten.setTarget(change.target)) return unreachable("the rewritten URL has no path");
  const bool leaves = !change.authority.empty();
  const std::string_view listen = exchange.listen_path_match;
  const bool strip = spec.strip_listen_path && rewritten.path.starts_with(listen);
  options.target =
      route::upstreamTarget(rewritten, spec, leaves ? kNowhere : target, strip ? listen.size() : 0,
                            config.http_server_options.skip_target_path_escaping, exchange.arena());
  if (!leaves) return {};
  if (api.rewrite_model == nullptr) return unreachable("no endpoint for a rewritten URL");
  auto found =
      endpoints.get(*api.rewrite_model, spec.trust, change.scheme == "https", change.authority);
  if (!found) return unreachable("the rewritten URL names " + found.error().message());
  options.own_endpoint = std::move(found->endpoint);
  if (!spec.preserve_host_header || exchange.request().host.empty())
    options.host = found->host_header;
  return {};
}

}  // namespace tykpp::gateway
