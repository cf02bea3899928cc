#include "chain/chain.hpp"

#include <utility>

namespace tykpp::chain {
namespace {

/// @param shared  of the API whose version this is, or null
template <class Entry, class StepType>
Result<void> collect(const BuildContext& context, const std::vector<Entry>& order,
                     const StepList<StepType>* shared, StepList<StepType>& out) {
  const auto add = [&out](std::shared_ptr<StepType> step, std::size_t line) {
    out.steps.push_back(std::move(step));
    out.lines.push_back(line);
  };
  for (std::size_t line = 0; line < order.size(); ++line) {
    if (shared != nullptr && order[line].per_version == PerVersion::kShared) {
      for (std::size_t i = 0; i < shared->steps.size(); ++i) {
        if (shared->lines[i] == line) add(shared->steps[i], line);
      }
      continue;
    }
    auto steps = order[line].create(context);
    if (!steps) return steps.error();
    for (auto& step : *steps) add(std::move(step), line);
  }
  return {};
}

}  // namespace

Result<Chain> Chain::build(const BuildContext& context, const std::vector<StepEntry>& request_order,
                           const std::vector<ResponseStepEntry>& response_order, const Chain* api) {
  Chain chain;
  auto done =
      collect(context, request_order, api != nullptr ? &api->request_ : nullptr, chain.request_);
  if (done) {
    done = collect(context, response_order, api != nullptr ? &api->response_ : nullptr,
                   chain.response_);
  }
  if (!done) return done.error();
  for (const auto& step : chain.request()) {
    if (step->requestBody() == http::BodyNeed::kBuffer)
      chain.request_body_ = http::BodyNeed::kBuffer;
  }
  for (const auto& step : chain.response()) {
    if (step->responseBody() == http::BodyNeed::kBuffer)
      chain.response_body_ = http::BodyNeed::kBuffer;
  }
  return chain;
}

Chain Chain::selected(const Chain& from, const std::vector<StepEntry>& request_order,
                      bool (*wanted)(std::string_view line), std::shared_ptr<Step> last) {
  Chain chain;
  for (std::size_t i = 0; i < from.request_.steps.size(); ++i) {
    if (!wanted(request_order[from.request_.lines[i]].name)) continue;
    chain.request_.steps.push_back(from.request_.steps[i]);
    chain.request_.lines.push_back(from.request_.lines[i]);
    if (chain.request_.steps.back()->requestBody() == http::BodyNeed::kBuffer)
      chain.request_body_ = http::BodyNeed::kBuffer;
  }
  chain.request_.steps.push_back(std::move(last));
  chain.request_.lines.push_back(request_order.size());
  return chain;
}

Result<Verdict> Chain::runRequest(http::Exchange& exchange, std::size_t& next) const {
  while (next < request_.steps.size()) {
    Result<Verdict> verdict = request_.steps[next++]->onRequest(exchange);
    if (!verdict || *verdict != Verdict::kContinue) return verdict;
  }
  return Verdict::kContinue;
}

Result<Verdict> Chain::runResponse(http::Exchange& exchange, std::size_t& next) const {
  while (next < response_.steps.size()) {
    Result<Verdict> verdict = response_.steps[next++]->onResponse(exchange);
    if (!verdict || *verdict != Verdict::kContinue) return verdict;
  }
  return Verdict::kContinue;
}

}  // namespace tykpp::chain
