// What is told of a request after its answer.

#include "gateway/pipeline.hpp"

namespace tykpp::gateway {

std::unique_ptr<Pipeline::Capture> Pipeline::capture(const ApiRuntime& api,
                                                     http::ServerExchange& sx,
                                                     analytics::Ending ending) const {
  http::Exchange& exchange = sx.exchange();
  if (!api.traffic->isDetailed(exchange) || !api.traffic->records(exchange)) return nullptr;
  auto made = std::make_unique<Capture>(
      static_cast<std::size_t>(shared_.config.analytics.max_recorded_body));
  made->takeRequest(exchange, analytics::recordedPath(exchange, *api.spec, ending));
  if (exchange.request().body() == nullptr) sx.tapBody(made->requestBody());
  return made;
}

net::Task<void> Pipeline::record(const ApiRuntime& api, http::ServerExchange& sx,
                                 analytics::Ending ending, Capture* capture) {
  http::Exchange& exchange = sx.exchange();
  if (!api.traffic->records(exchange)) co_return;
  http::TrafficRecord record;
  api.traffic->fill(exchange, ending, worker_.loop().now() - exchange.started, clock_, record);
  if (capture != nullptr) capture->put(record);
  if (api.analytics != nullptr) {
    drivers::HookVerdict verdict = api.analytics->onRecord(exchange, record);
    if (verdict == drivers::HookVerdict::kPending)
      verdict = co_await api.analytics->finish(exchange, record);
    if (verdict == drivers::HookVerdict::kDrop) co_return;
  }
  if (shared_.traffic == nullptr) co_return;
  api.traffic->complete(exchange, record);
  shared_.traffic->of(worker_.index()).add(record);
}

}  // namespace tykpp::gateway
