#include "middleware/ip_access.hpp"

#include <gtest/gtest.h>

#include "common/fired_events.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::middleware {
namespace {

class IpAccessTest : public ::testing::Test {
 protected:
  /// Status of a request from `address`, 0: it goes on.
  int from(std::string_view address) {
    const auto steps = IpAccess::create({api_, config_, 1, nullptr, nullptr, fired_.emitter()});
    if (steps->empty()) return -1;
    exchange_.peer.address = address;
    const auto verdict = steps->at(0)->onRequest(exchange_);
    if (verdict) return 0;
    EXPECT_EQ(verdict.error().message(), "access from this IP has been disallowed");
    return verdict.error().status();
  }
  definition::ApiSpec api_;
  definition::GatewayConfig config_;
  tykpp::test::Fired fired_{"AuthFailure"};
  BlockPool pool_;
  Arena arena_{pool_};
  http::Exchange exchange_{arena_, 0, 1};
};

TEST_F(IpAccessTest, IsAbsentWithoutLists) { EXPECT_EQ(from("10.0.0.1"), -1); }

TEST_F(IpAccessTest, LetsOnlyTheAllowedIn) {
  api_.ip_access.allowed = {"10.0.0.0/8", "::1"};
  EXPECT_EQ(from("10.3.2.1"), 0);
  EXPECT_EQ(from("::1"), 0);
  EXPECT_EQ(from("11.0.0.1"), 403);
}

TEST_F(IpAccessTest, KeepsTheBlockedOut) {
  api_.ip_access.blocked = {"10.0.0.0/8"};
  EXPECT_EQ(from("10.3.2.1"), 403);
  EXPECT_EQ(from("11.0.0.1"), 0);
}

TEST_F(IpAccessTest, AsksBothLists) {
  api_.ip_access = {{"10.0.0.0/8"}, {"10.1.2.3"}};
  EXPECT_EQ(from("10.1.2.3"), 403);
  EXPECT_EQ(from("10.1.2.4"), 0);
  EXPECT_EQ(from("192.0.2.1"), 403);
}

TEST_F(IpAccessTest, OfNothingReadableLetsNobodyIn) {
  api_.ip_access.allowed = {"nonsense"};
  EXPECT_EQ(from("10.1.2.3"), 403);
}

TEST_F(IpAccessTest, TellsTheAddressInTheEvent) {
  api_.ip_access.blocked = {"10.0.0.0/8"};
  EXPECT_EQ(from("10.3.2.1"), 403);
  EXPECT_EQ(fired_.all(), std::vector<std::string>{"AuthFailure Auth Failure 10.3.2.1"});
}

TEST_F(IpAccessTest, BelievesProxiesToTheConfiguredDepth) {
  api_.ip_access.allowed = {"10.0.0.2"};
  exchange_.request().headers.add("X-Forwarded-For", "10.0.0.1, 10.0.0.2");
  EXPECT_EQ(from("192.0.2.1"), 403);
  config_.http_server_options.xff_depth = 1;
  EXPECT_EQ(from("192.0.2.1"), 0);
  config_.http_server_options.xff_depth = 9;
  EXPECT_EQ(from("10.0.0.2"), 403) << "nobody is there";
}

}  // namespace
}  // namespace tykpp::middleware
