#include "middleware/method_transform.hpp"

#include <algorithm>

#include "definition/api_spec.hpp"
#include "definition/transform_rules.hpp"
#include "http/upstream_change.hpp"

namespace tykpp::middleware {
namespace {

bool isAllowedMethod(std::string_view method) noexcept {
  constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> MethodTransform::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::TransformRules* rules = build.api.transforms.get();
  if (rules == nullptr || rules->methods.empty()) return steps;
  auto step = std::make_unique<MethodTransform>();
  for (const definition::MethodRule& rule : rules->methods) {
    std::string method = isAllowedMethod(rule.to_method) ? rule.to_method : std::string{};
    if (auto added = step->methods_.add(rule.place, rules->matching, std::move(method)); !added)
      return added.error();
  }
  steps.push_back(std::move(step));
  return steps;
}

Result<chain::Verdict> MethodTransform::onRequest(http::Exchange& exchange) const {
  const std::string* method = methods_.find(exchange);
  if (method == nullptr) return chain::Verdict::kContinue;
  if (method->empty()) return Error(Errc::kForbidden, Side::kClient, 405, "Method not allowed");
  http::upstreamChangeOf(exchange).method = *method;
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
