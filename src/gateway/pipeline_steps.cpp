// How a pipeline runs the steps of a chain.
#include "base/log.hpp"
#include "gateway/pipeline.hpp"
#include "gateway/request_probe.hpp"

namespace tykpp::gateway {

net::Task<Result<chain::Verdict>> Pipeline::runRequestChain(const chain::Chain& chain,
                                                            http::ServerExchange& sx) const {
  if (chain.requestBody() == http::BodyNeed::kBuffer && !sx.bodyDone()) {
    const Result<void> read =
        co_await sx.bufferBody(static_cast<std::size_t>(shared_.config.max_buffered_body_size));
    if (!read) co_return read.error();
  }
  if (probe_ != nullptr) [[unlikely]]
    co_return co_await probe_->runRequest(chain, sx.exchange());
  for (std::size_t next = 0;;) {
    Result<chain::Verdict> verdict = chain.runRequest(sx.exchange(), next);
    if (verdict && *verdict == chain::Verdict::kSuspend)
      verdict = co_await chain.request()[next - 1]->finish(sx.exchange());
    if (!verdict || *verdict == chain::Verdict::kRespond || next == chain.request().size())
      co_return verdict;
  }
}

void Pipeline::runStreamSteps(const ApiRuntime& api, http::Exchange& exchange) {
  if (exchange.response().status == 101) return;
  for (const auto& step : api.chain.response()) {
    if (!step->takesStreams()) continue;
    if (const auto verdict = step->onResponse(exchange); !verdict) {
      TYKPP_LOG(err, "response", "Response chain failed! {} request_id={}",
                verdict.error().message(), exchange.requestId());
      return;
    }
  }
}

net::Task<Result<void>> Pipeline::runResponseSteps(const ApiRuntime& api,
                                                   http::ServerExchange& sx) const {
  if (probe_ != nullptr) [[unlikely]]
    co_return co_await probe_->runResponse(api.chain, sx.exchange());
  for (std::size_t next = 0;;) {
    Result<chain::Verdict> verdict = api.chain.runResponse(sx.exchange(), next);
    if (verdict && *verdict == chain::Verdict::kSuspend)
      verdict = co_await api.chain.response()[next - 1]->finish(sx.exchange());
    if (!verdict) co_return verdict.error();
    if (*verdict == chain::Verdict::kRespond || next == api.chain.response().size())
      co_return Result<void>{};
  }
}

}  // namespace tykpp::gateway
