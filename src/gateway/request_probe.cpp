#include "gateway/request_probe.hpp"

#include "http/upstream_change.hpp"
#include "http/wire_text.hpp"
#include "route/upstream_path.hpp"

namespace tykpp::gateway {
namespace {

bool isHostField(const http::HeaderField& field) { return field.id == http::HeaderId::kHost; }

}  // namespace

const ApiRuntime* RequestProbe::begin(http::Exchange& exchange) {
  log_.follow(exchange.requestId());
  const ApiRuntime* api = snapshot_->apis.front().get();
  if (exchange.request().path.starts_with(api->spec->listen_path)) {
    exchange.listen_path_match = exchange.request().path.substr(0, api->spec->listen_path.size());
  }
  takeRequest(*api, exchange);  // as it came; some answers need no chain
  return api;
}

template <class Step>
net::Task<Result<chain::Verdict>> RequestProbe::run(const Step& step, OnMessage<Step> part,
                                                    http::Exchange& exchange) {
  log_.setStep(step.name());
  log_.add(spdlog::level::debug, "Started");
  Result<chain::Verdict> verdict = chain::Verdict::kContinue;
  {
    const log::Capture::Scope scope(log_);  // of what does not wait
    verdict = (step.*part)(exchange);
  }
  if (verdict && *verdict == chain::Verdict::kSuspend) verdict = co_await step.finish(exchange);
  finished(verdict, exchange);
  co_return verdict;
}

net::Task<Result<chain::Verdict>> RequestProbe::runRequest(const chain::Chain& chain,
                                                           http::Exchange& exchange) {
  for (const auto& step : chain.request()) {
    Result<chain::Verdict> verdict = co_await run(*step, &chain::Step::onRequest, exchange);
    if (!verdict || *verdict == chain::Verdict::kRespond) co_return verdict;
  }
  co_return chain::Verdict::kContinue;
}

net::Task<Result<void>> RequestProbe::runResponse(const chain::Chain& chain,
                                                  http::Exchange& exchange) {
  for (const auto& step : chain.response()) {
    Result<chain::Verdict> verdict =
        co_await run(*step, &chain::ResponseStep::onResponse, exchange);
    if (!verdict) co_return verdict.error();
    if (*verdict == chain::Verdict::kRespond) break;
  }
  co_return Result<void>{};
}

void RequestProbe::finished(const Result<chain::Verdict>& verdict, const http::Exchange& exchange) {
  if (!verdict) {
    const Error& error = verdict.error();
    std::string text = error.message();
    if (!error.detail().empty()) text += " detail=" + error.detail();
    log_.add(spdlog::level::err, text, error.status());
  } else {
    const bool answers = *verdict == chain::Verdict::kRespond;
    log_.add(spdlog::level::debug, "Finished", answers ? exchange.response().status : 200);
  }
  log_.setStep({});
}

void RequestProbe::takeRequest(const ApiRuntime& api, http::Exchange& exchange) {
  static const definition::TargetUrl kNowhere;
  const definition::ApiSpec& spec = *api.spec;
  const http::Request& request = exchange.request();
  http::Request rewritten(exchange.arena());
  const http::UpstreamChange* change = exchange.upstream_change;
  const bool moved = change != nullptr && change->rewritten && rewritten.setTarget(change->target);
  const http::Request& shown = moved ? rewritten : request;
  const std::string_view listen = exchange.listen_path_match;
  const bool strip = spec.strip_listen_path && shown.path.starts_with(listen);
  std::string line(change != nullptr && !change->method.empty() ? change->method : request.method);
  line += ' ';
  line += route::upstreamTarget(shown, spec, kNowhere, strip ? listen.size() : 0, false,
                                exchange.arena());
  line += " HTTP/1.1";
  const std::string_view body =
      request.body() != nullptr ? std::string_view(*request.body()) : options_.body;
  request_ = http::wireText(line, options_.host_given ? request.host : std::string_view{},
                            request.headers, &isHostField, body);
}

}  // namespace tykpp::gateway
