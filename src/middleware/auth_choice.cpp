#include "middleware/auth_choice.hpp"

#include <algorithm>
#include <optional>

namespace tykpp::middleware {
namespace {

/// What methods may leave on a request, as it was before them.
class Before {
 public:
  Before(http::Exchange& exchange, bool whole_request)
      : exchange_(exchange),
        session_(exchange.session),
        entry_(exchange.session_entry),
        numbers_(exchange.limit_numbers) {
    if (whole_request) request_.emplace(exchange.request());
  }
  void restore() {
    exchange_.session = session_;
    exchange_.session_entry = entry_;
    exchange_.limit_numbers = numbers_;
    exchange_.error_headers.clear();
    if (request_) exchange_.request() = *request_;
  }

 private:
  http::Exchange& exchange_;
  std::shared_ptr<session::SessionState> session_;
  std::shared_ptr<session::SessionEntry> entry_;
  http::LimitNumbers numbers_;
  std::optional<http::Request> request_;
};

}  // namespace

AuthChoice::AuthChoice(std::vector<std::unique_ptr<chain::Step>> steps, std::vector<Group> groups)
    : steps_(std::move(steps)), groups_(std::move(groups)) {}

http::BodyNeed AuthChoice::requestBody() const noexcept {
  for (const auto& step : steps_) {
    if (step->requestBody() == http::BodyNeed::kBuffer) return http::BodyNeed::kBuffer;
  }
  return http::BodyNeed::kStream;
}

Result<chain::Verdict> AuthChoice::onRequest(http::Exchange& exchange) const {
  // Any method may have to wait, and none may run twice.
  return exchange.ignore_auth ? chain::Verdict::kContinue : chain::Verdict::kSuspend;
}

net::Task<Result<chain::Verdict>> AuthChoice::attempt(const Group& group,
                                                      http::Exchange& exchange) {
  for (const Method& method : group) {
    if (method.step == nullptr) {
      co_return Error(Errc::kInternal, Side::kGateway, 500,
                      "security scheme " + method.scheme + " is not configured");
    }
    Result<chain::Verdict> verdict = method.step->onRequest(exchange);
    if (verdict && *verdict == chain::Verdict::kSuspend)
      verdict = co_await method.step->finish(exchange);
    if (!verdict || *verdict == chain::Verdict::kRespond) co_return verdict;
  }
  co_return chain::Verdict::kContinue;
}

net::Task<Result<chain::Verdict>> AuthChoice::finish(http::Exchange& exchange) const {
  Result<chain::Verdict> verdict = chain::Verdict::kContinue;
  for (const Group& group : groups_) {
    const bool plugin = std::any_of(group.begin(), group.end(),
                                    [](const Method& method) { return method.changes_request; });
    Before before(exchange, plugin);
    verdict = co_await attempt(group, exchange);
    if (verdict || verdict.error().code() == Errc::kClientGone) co_return verdict;
    before.restore();
  }
  co_return verdict;
}

}  // namespace tykpp::middleware
