#include "middleware/request_size.hpp"

#include <algorithm>
#include <charconv>

#include "definition/api_spec.hpp"
#include "definition/limit_rules.hpp"
#include "middleware/refusal.hpp"

namespace tykpp::middleware {
namespace {

bool isExempt(std::string_view method) noexcept {
  constexpr std::string_view kMethods[] = {"GET", "DELETE", "TRACE", "OPTIONS", "HEAD"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

Result<void> check(const http::Request& request, std::int64_t limit) {
  const std::string_view stated = request.headers.get(http::HeaderId::kContentLength);
  if (stated.empty()) return refused(411, "Content length is required for this request");
  std::int64_t size = 0;
  const auto read = std::from_chars(stated.data(), stated.data() + stated.size(), size);
  if (read.ec != std::errc{} || read.ptr != stated.data() + stated.size()) {
    return refused(400, "content length is not a valid Integer");
  }
  // What a hook made of the body counts as well.
  if (request.framing == http::BodyFraming::kLength) {
    size = std::max(size, static_cast<std::int64_t>(request.content_length));
  }
  if (size > limit) return refused(400, "Request is too large");
  return {};
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> RequestSize::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::LimitRules* rules = build.api.limits.get();
  if (rules == nullptr || (rules->global_size_limit <= 0 && rules->endpoint_sizes.empty())) {
    return steps;
  }
  auto step = std::make_unique<RequestSize>(rules->global_size_limit);
  for (const definition::EndpointSize& endpoint : rules->endpoint_sizes) {
    auto added = step->endpoints_.add(endpoint.place, rules->matching, endpoint.size_limit);
    if (!added) return added.error();
  }
  steps.push_back(std::move(step));
  return steps;
}

Result<chain::Verdict> RequestSize::onRequest(http::Exchange& exchange) const {
  const http::Request& request = exchange.request();
  if (isExempt(request.method)) return chain::Verdict::kContinue;
  if (limit_ > 0) {
    if (auto passed = check(request, limit_); !passed) return passed.error();
  }
  if (const std::int64_t* limit = endpoints_.find(exchange); limit != nullptr) {
    if (auto passed = check(request, *limit); !passed) return passed.error();
  }
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
