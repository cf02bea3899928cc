#include "hooks/impl/auth_failure.hpp"

#include <gtest/gtest.h>

#include "common/fired_events.hpp"
#include "common/plugin_fixture.hpp"

namespace tykpp::hooks {
namespace {

using drivers::Hook;
using drivers::HookVerdict;

const Error kRefusal(Errc::kForbidden, Side::kPlugin, 401, "no");
const Error kFailure(Errc::kPluginFailed, Side::kPlugin, 403, "Key not authorised");

/// The events of one verdict.
std::vector<std::string> fires(const std::string& driver, Hook hook,
                               const Result<HookVerdict>& verdict, std::uint16_t answered = 0) {
  test::Fired fired("AuthFailure");
  test::TestExchange on;
  on.exchange.request().headers.add("Authorization", "the-key");
  on.exchange.response().status = answered;
  definition::PluginRef ref;
  ref.driver = driver;
  noteRefusal(*fired.emitter(), on.exchange, hook, ref, {}, verdict);
  return fired.all();
}

TEST(AuthFailure, IsFiredForRefusalsOfCoprocessPluginsAtAnyRequestHook) {
  const std::vector<std::string> wanted{"AuthFailure Auth Failure the-key"};
  for (const char* driver : {"python", "lua", "grpc"}) {
    for (const Hook hook : {Hook::kPre, Hook::kAuth, Hook::kPostAuth, Hook::kPost}) {
      EXPECT_EQ(fires(driver, hook, kRefusal), wanted) << driver;
    }
    EXPECT_TRUE(fires(driver, Hook::kResponse, kRefusal).empty());
    EXPECT_TRUE(fires(driver, Hook::kAuth, kFailure).empty()) << "a plugin that failed";
    EXPECT_TRUE(fires(driver, Hook::kAuth, HookVerdict::kRespond, 403).empty());
  }
}

TEST(AuthFailure, IsFiredForAnswersOfNativePluginsWith403) {
  for (const char* driver : {"native", "goplugin"}) {
    EXPECT_EQ(fires(driver, Hook::kPre, HookVerdict::kRespond, 403),
              std::vector<std::string>{"AuthFailure Auth Failure n/a"});
    EXPECT_TRUE(fires(driver, Hook::kPre, HookVerdict::kRespond, 401).empty());
    EXPECT_TRUE(fires(driver, Hook::kPre, HookVerdict::kContinue, 403).empty());
  }
}

TEST(AuthFailure, IsNotFiredForJavaScript) {
  EXPECT_TRUE(fires("otto", Hook::kAuth, kRefusal).empty());
  EXPECT_TRUE(fires("otto", Hook::kAuth, HookVerdict::kRespond, 403).empty());
}

}  // namespace
}  // namespace tykpp::hooks
