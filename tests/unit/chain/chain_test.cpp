#include "chain/chain.hpp"

#include <gtest/gtest.h>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::chain {
namespace {

std::string trace;  // which steps ran, in order

class NamedStep final : public Step {
 public:
  NamedStep(std::string_view name, Verdict verdict, http::BodyNeed need)
      : name_(name), verdict_(verdict), need_(need) {}
  std::string_view name() const noexcept override { return name_; }
  Result<Verdict> onRequest(http::Exchange&) const override {
    trace += name_;
    return verdict_;
  }
  http::BodyNeed requestBody() const noexcept override { return need_; }

 private:
  std::string_view name_;
  Verdict verdict_;
  http::BodyNeed need_;
};

template <char kName, Verdict kVerdict, http::BodyNeed kNeed = http::BodyNeed::kStream>
Result<std::vector<std::unique_ptr<Step>>> make(const BuildContext&) {
  static constexpr char kText[] = {kName, '\0'};
  std::vector<std::unique_ptr<Step>> steps;
  steps.push_back(std::make_unique<NamedStep>(kText, kVerdict, kNeed));
  return steps;
}
Result<std::vector<std::unique_ptr<Step>>> makeNothing(const BuildContext&) {
  return std::vector<std::unique_ptr<Step>>{};
}
Result<std::vector<std::unique_ptr<Step>>> makeBroken(const BuildContext&) {
  return Error(Errc::kBadPlugin, "broken").at("/custom_middleware/pre/0");
}

class ChainTest : public ::testing::Test {
 protected:
  void SetUp() override { trace.clear(); }
  Result<Chain> build(const std::vector<StepEntry>& order) {
    return Chain::build({api_, config_, 1}, order, {});
  }
  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  BlockPool pool_;
  Arena arena_{pool_};
  http::Exchange exchange_{arena_, 0, 1};
};

TEST_F(ChainTest, RunsStepsInTheOrderOfTheTable) {
  const auto chain = build({{"a", &make<'a', Verdict::kContinue>},
                            {"none", &makeNothing},
                            {"b", &make<'b', Verdict::kContinue>}});
  ASSERT_TRUE(chain);
  std::size_t next = 0;
  EXPECT_EQ(chain->runRequest(exchange_, next).value(), Verdict::kContinue);
  EXPECT_EQ(trace, "ab");
  EXPECT_EQ(next, 2U);
}

TEST_F(ChainTest, AnAnswerEndsIt) {
  const auto chain =
      build({{"a", &make<'a', Verdict::kRespond>}, {"b", &make<'b', Verdict::kContinue>}});
  ASSERT_TRUE(chain);
  std::size_t next = 0;
  EXPECT_EQ(chain->runRequest(exchange_, next).value(), Verdict::kRespond);
  EXPECT_EQ(trace, "a");
}

TEST_F(ChainTest, AStepThatWaitsIsTheOneBeforeNext) {
  const auto chain = build({{"a", &make<'a', Verdict::kContinue>},
                            {"b", &make<'b', Verdict::kSuspend>},
                            {"c", &make<'c', Verdict::kContinue>}});
  ASSERT_TRUE(chain);
  std::size_t next = 0;
  EXPECT_EQ(chain->runRequest(exchange_, next).value(), Verdict::kSuspend);
  EXPECT_EQ(chain->request()[next - 1]->name(), "b");
  EXPECT_EQ(chain->runRequest(exchange_, next).value(), Verdict::kContinue);
  EXPECT_EQ(trace, "abc");
}

TEST_F(ChainTest, AskedForByOneStepTheBodyIsBuffered) {
  EXPECT_EQ(build({{"a", &make<'a', Verdict::kContinue>}})->requestBody(), http::BodyNeed::kStream);
  EXPECT_EQ((build({{"a", &make<'a', Verdict::kContinue>},
                    {"b", &make<'b', Verdict::kContinue, http::BodyNeed::kBuffer>}})
                 ->requestBody()),
            http::BodyNeed::kBuffer);
}

TEST_F(ChainTest, AStepThatCannotBeBuiltNamesItsPlace) {
  const auto chain = build({{"a", &make<'a', Verdict::kContinue>}, {"x", &makeBroken}});
  ASSERT_FALSE(chain);
  EXPECT_EQ(chain.error().where(), "/custom_middleware/pre/0");
}

TEST_F(ChainTest, VersionsShareTheStepsThatTheTableMarks) {
  const std::vector<StepEntry> order = {{"a", &make<'a', Verdict::kContinue>},
                                        {"b", &make<'b', Verdict::kContinue>, PerVersion::kShared},
                                        {"c", &make<'c', Verdict::kContinue>}};
  const auto api = build(order);
  ASSERT_TRUE(api);
  const auto version = Chain::build({api_, config_, 1}, order, {}, &*api);
  ASSERT_TRUE(version);
  ASSERT_EQ(version->request().size(), 3U);
  EXPECT_NE(version->request()[0], api->request()[0]);
  EXPECT_EQ(version->request()[1], api->request()[1]);
  std::size_t next = 0;
  EXPECT_EQ(version->runRequest(exchange_, next).value(), Verdict::kContinue);
  EXPECT_EQ(trace, "abc");
}

TEST_F(ChainTest, SomeLinesOfItMakeAnother) {
  const std::vector<StepEntry> order = {
      {"first", &make<'a', Verdict::kContinue, http::BodyNeed::kBuffer>},
      {"none", &makeNothing},
      {"last", &make<'b', Verdict::kContinue>}};
  const auto chain = build(order);
  ASSERT_TRUE(chain);
  const Chain selected = Chain::selected(
      *chain, order, [](std::string_view line) { return line != "first"; },
      std::make_shared<NamedStep>("z", Verdict::kRespond, http::BodyNeed::kStream));
  ASSERT_EQ(selected.request().size(), 2U);
  EXPECT_EQ(selected.request()[0], chain->request()[1]);
  std::size_t next = 0;
  EXPECT_EQ(selected.runRequest(exchange_, next).value(), Verdict::kRespond);
  EXPECT_EQ(trace, "bz");
  EXPECT_EQ(selected.requestBody(), http::BodyNeed::kStream);
}

}  // namespace
}  // namespace tykpp::chain
