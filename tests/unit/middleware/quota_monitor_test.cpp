#include "middleware/quota_monitor.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "common/fired_events.hpp"
#include "common/keyring_fixture.hpp"
#include "common/plugin_fixture.hpp"
#include "definition/api_spec.hpp"

namespace tykpp::middleware {
namespace {

using Texts = std::vector<std::string>;

TEST(ReachedLimit, IsTheGlobalOneBeforeTheSessions) {
  const std::vector<double> own = {90, 50, 80};
  EXPECT_EQ(reachedLimit(49, 0, &own), 0);
  EXPECT_EQ(reachedLimit(50, 0, &own), 50);
  EXPECT_EQ(reachedLimit(85, 0, &own), 50) << "the first in the list";
  EXPECT_EQ(reachedLimit(95, 0, &own), 90);
  EXPECT_EQ(reachedLimit(85, 85, &own), 85);
  EXPECT_EQ(reachedLimit(84, 85, &own), 50);
  EXPECT_EQ(reachedLimit(55, 50, nullptr), 50);
  EXPECT_EQ(reachedLimit(100, 0, nullptr), 0);
  const std::vector<double> odd = {0, -5, 70};
  EXPECT_EQ(reachedLimit(60, 0, &odd), 0);
  EXPECT_EQ(reachedLimit(60, 70, &odd), 0);
}

class QuotaMonitorTest : public ::testing::Test {
 protected:
  QuotaMonitorTest() {
    api_.org_id = "org";
    request_.exchange.api = &api_;
    keys_.config.identity.monitor.enabled = true;
    keys_.config.identity.monitor.user_keys = true;
    usage_.renews = unixSeconds() + 60;
    usage_.key = "token";
  }
  std::unique_ptr<const QuotaMonitor> make(QuotaMonitor::Of whose = QuotaMonitor::Of::kKeys) {
    return QuotaMonitor::create(
        {api_, keys_.config, 1, nullptr, nullptr, api_events_.emitter(), &keys_.keyrings()}, whose);
  }
  /// What is told after a request.
  Texts after(std::int64_t max, std::int64_t remaining, const std::vector<double>& limits) {
    const std::size_t before = api_events_.all().size();
    usage_.max = max;
    usage_.remaining = remaining;
    usage_.trigger_limits = &limits;
    make()->look(request_.exchange, usage_);
    Texts all = api_events_.all();
    return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
  }
  definition::ApiSpec api_;
  test::KeyringLoop keys_;
  test::Fired api_events_{"TriggerExceeded"};
  test::TestExchange request_{"GET", "/"};
  QuotaMonitor::Usage usage_;
};

TEST_F(QuotaMonitorTest, TellsOfAShareThatIsUsedUp) {
  EXPECT_EQ(after(10, 6, {50}), Texts{});
  EXPECT_EQ(after(10, 5, {50}), Texts{"TriggerExceeded Quota trigger reached org token 50 50"});
  EXPECT_EQ(after(3, 1, {33.3}), Texts{"TriggerExceeded Quota trigger reached org token 33 66"});
  EXPECT_EQ(after(10, 0, {50, 90}),
            Texts{"TriggerExceeded Quota trigger reached org token 50 100"});
  keys_.config.identity.monitor.global_trigger_limit = 80;
  EXPECT_EQ(after(10, 1, {50}), Texts{"TriggerExceeded Quota trigger reached org token 80 90"});
}

TEST_F(QuotaMonitorTest, SaysNothingOfQuotasThatAreNone) {
  EXPECT_EQ(after(0, 0, {50}), Texts{});
  EXPECT_EQ(after(-1, -1, {50}), Texts{});
  usage_.renews = unixSeconds() - 10;
  EXPECT_EQ(after(10, 1, {50}), Texts{});
}

TEST_F(QuotaMonitorTest, TellsTheGatewaysHandlersToo) {
  test::Fired gateway("TriggerExceeded");
  keys_.keyrings().setGatewayEvents(gateway.emitter());
  EXPECT_EQ(after(10, 1, {50}).size(), 1u);
  EXPECT_EQ(gateway.all().size(), 1u);
}

TEST_F(QuotaMonitorTest, IsThereForThoseWhoAreWatchedAndHeard) {
  EXPECT_NE(make(), nullptr);
  EXPECT_EQ(make(QuotaMonitor::Of::kOrganisations), nullptr);
  keys_.config.identity.monitor.org_keys = true;
  EXPECT_NE(make(QuotaMonitor::Of::kOrganisations), nullptr);
  EXPECT_EQ(
      QuotaMonitor::create({api_, keys_.config, 1, nullptr, nullptr, nullptr, &keys_.keyrings()},
                           QuotaMonitor::Of::kKeys),
      nullptr)
      << "nobody handles the event";
  keys_.config.identity.monitor.enabled = false;
  EXPECT_EQ(make(), nullptr);
}

}  // namespace
}  // namespace tykpp::middleware
