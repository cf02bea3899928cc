#include "chain/chain.hpp"

#include <iterator>

namespace tykpp::chain {
namespace {

template <class Entry, class StepType>
Result<void> collect(const BuildContext& context, const std::vector<Entry>& order,
                     std::vector<std::unique_ptr<StepType>>& out) {
  for (const Entry& entry : order) {
    auto steps = entry.create(context);
    if (!steps) return steps.error();
    std::move(steps->begin(), steps->end(), std::back_inserter(out));
  }
  return {};
}

}  // namespace

Result<Chain> Chain::build(const BuildContext& context, const std::vector<StepEntry>& request_order,
                           const std::vector<ResponseStepEntry>& response_order) {
  Chain chain;
  if (auto done = collect(context, request_order, chain.request_); !done) return done.error();
  if (auto done = collect(context, response_order, chain.response_); !done) return done.error();
  for (const auto& step : chain.request_) {
    if (step->requestBody() == http::BodyNeed::kBuffer)
      chain.request_body_ = http::BodyNeed::kBuffer;
  }
  for (const auto& step : chain.response_) {
    if (step->responseBody() == http::BodyNeed::kBuffer)
      chain.response_body_ = http::BodyNeed::kBuffer;
  }
  return chain;
}

Result<Verdict> Chain::runRequest(http::Exchange& exchange, std::size_t& next) const {
  while (next < request_.size()) {
    Result<Verdict> verdict = request_[next++]->onRequest(exchange);
    if (!verdict || *verdict != Verdict::kContinue) return verdict;
  }
  return Verdict::kContinue;
}

Result<Verdict> Chain::runResponse(http::Exchange& exchange, std::size_t& next) const {
  while (next < response_.size()) {
    Result<Verdict> verdict = response_[next++]->onResponse(exchange);
    if (!verdict || *verdict != Verdict::kContinue) return verdict;
  }
  return Verdict::kContinue;
}

}  // namespace tykpp::chain
