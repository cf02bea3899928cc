#include "middleware/auth_choice.hpp"

#include <gtest/gtest.h>

#include <future>

#include "common/plugin_fixture.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

/// A method that does what it is told.
class Scripted final : public chain::Step {
 public:
  Scripted(Result<chain::Verdict> verdict, bool later, std::string header = "")
      : verdict_(std::move(verdict)), later_(later), header_(std::move(header)) {}
  std::string_view name() const noexcept override { return "scripted"; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override {
    if (later_) return chain::Verdict::kSuspend;
    return act(exchange);
  }
  net::Task<Result<chain::Verdict>> finish(http::Exchange& exchange) const override {
    co_return act(exchange);
  }

 private:
  Result<chain::Verdict> act(http::Exchange& exchange) const {
    exchange.error_headers.add("Www-Authenticate", "x");
    if (!header_.empty()) exchange.request().headers.addCopy(std::string_view(header_), "1");
    exchange.session = session::SessionState::parse("{}", "k").has_value()
                           ? std::make_shared<session::SessionState>(
                                 session::SessionState::parse("{}", header_).value())
                           : nullptr;
    return verdict_;
  }
  Result<chain::Verdict> verdict_;
  bool later_;
  std::string header_;
};

Error no(std::uint16_t status) { return Error(Errc::kForbidden, Side::kClient, status, "no"); }

net::Detached whole(const chain::Step& step, http::Exchange& exchange,
                    std::optional<Result<chain::Verdict>>& out) {
  Result<chain::Verdict> verdict = step.onRequest(exchange);
  if (verdict && *verdict == chain::Verdict::kSuspend) verdict = co_await step.finish(exchange);
  out = std::move(verdict);
}

class AuthChoiceTest : public ::testing::Test {
 protected:
  const chain::Step* method(Result<chain::Verdict> verdict, bool later = false,
                            std::string header = "") {
    steps_.push_back(std::make_unique<Scripted>(std::move(verdict), later, std::move(header)));
    return steps_.back().get();
  }
  Result<chain::Verdict> run(std::vector<AuthChoice::Group> groups) {
    const AuthChoice choice(std::move(steps_), std::move(groups));
    std::optional<Result<chain::Verdict>> verdict;
    whole(choice, on_.exchange, verdict);
    return *verdict;
  }
  std::vector<std::unique_ptr<chain::Step>> steps_;
  test::TestExchange on_;
};

TEST_F(AuthChoiceTest, TakesTheFirstGroupThatLetsIn) {
  const auto* bad = method(no(401), false, "X-Bad");
  const auto* good = method(chain::Verdict::kContinue, true, "X-Good");
  const auto verdict = run({{{"a", good}, {"b", bad, true}}, {{"c", good, true}}, {{"d", bad}}});
  ASSERT_TRUE(verdict);
  EXPECT_EQ(*verdict, chain::Verdict::kContinue);
  EXPECT_EQ(on_.exchange.session->token(), "X-Good");
  EXPECT_FALSE(on_.exchange.request().headers.contains("X-Bad"));
  EXPECT_EQ(on_.header("X-Good"), "1");
}

TEST_F(AuthChoiceTest, AnswersWithTheErrorOfTheLastAndNothingElse) {
  const auto* first = method(no(401));
  const auto* last = method(no(403), true, "X-Bad");
  const auto verdict = run({{{"a", first}}, {{"b", last, true}}});
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 403);
  EXPECT_EQ(on_.exchange.session, nullptr);
  EXPECT_EQ(on_.exchange.error_headers.size(), 0u);
  EXPECT_FALSE(on_.exchange.request().headers.contains("X-Bad"));
}

TEST_F(AuthChoiceTest, NamesASchemeThatIsNotSetUp) {
  const auto verdict = run({{{"ghost", nullptr}}});
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().status(), 500);
  EXPECT_EQ(verdict.error().message(), "security scheme ghost is not configured");
}

TEST_F(AuthChoiceTest, IsPassedOverWhereAuthenticationIs) {
  on_.exchange.ignore_auth = true;
  const auto verdict = run({{{"a", method(no(401))}}});
  ASSERT_TRUE(verdict);
  EXPECT_EQ(*verdict, chain::Verdict::kContinue);
}

}  // namespace
}  // namespace tykpp::middleware
