#include "chain/step.hpp"

namespace tykpp::chain {
namespace {
Result<Verdict> neverSuspends(std::string_view name) {
  return Error(Errc::kInternal, "step " + std::string(name) + " suspended without a second part");
}
}  // namespace

net::Task<Result<Verdict>> Step::finish(http::Exchange& /*exchange*/) const {
  co_return neverSuspends(name());
}
net::Task<Result<Verdict>> ResponseStep::finish(http::Exchange& /*exchange*/) const {
  co_return neverSuspends(name());
}
}  // namespace tykpp::chain
