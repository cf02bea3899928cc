// `monitor` of tyk.conf.

#include <gtest/gtest.h>

#include "definition/config_loader.hpp"
#include "unit/definition/definitions.hpp"
#include "unit/definition/temp_dir.hpp"

namespace tykpp::definition {
namespace {

using test::shown;

LoadedConfig load(const test::TempDir& dir, const std::string& monitor,
                  const std::map<std::string, std::string>& variables = {}) {
  auto loaded =
      loadConfig({dir.write("tyk.conf", R"({"listen_port": 1, "monitor": )" + monitor + "}")},
                 Environment(variables));
  EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message());
  return loaded ? std::move(*loaded) : LoadedConfig{};
}

TEST(QuotaMonitorConfig, MakesItsWebHookAHandlerOfTheEvent) {
  const test::TempDir dir;
  const LoadedConfig loaded =
      load(dir, R"({"enable_trigger_monitors": true, "monitor_user_keys": true,
      "global_trigger_limit": 80.5, "configuration": {"method": "POST", "target_path": "http://h/x",
      "header_map": {"X-A": "b"}, "event_timeout": 10}})",
           {{"TYK_GW_MONITOR_MONITORORGKEYS", "true"}});
  ASSERT_TRUE(loaded.ok()) << shown(loaded.problems);
  EXPECT_TRUE(loaded.not_built.empty());
  const QuotaMonitorConfig& monitor = loaded.config.identity.monitor;
  EXPECT_TRUE(monitor.enabled && monitor.user_keys && monitor.org_keys);
  EXPECT_EQ(monitor.global_trigger_limit, 80.5);
  ASSERT_EQ(loaded.config.event_handlers.size(), 1u);
  const EventHandler& hook = loaded.config.event_handlers[0];
  EXPECT_EQ(hook.event, "TriggerExceeded");
  EXPECT_EQ(hook.kind, EventHandlerKind::kWebHook);
  EXPECT_EQ(hook.method, "POST");
  EXPECT_EQ(hook.target, "http://h/x");
  EXPECT_EQ(hook.cooldown.count(), 10);
  ASSERT_EQ(hook.headers.size(), 1u);
  EXPECT_EQ(hook.headers[0].second, "b");
}

TEST(QuotaMonitorConfig, HasNoWebHookWithoutAnAddressOrWhenItIsOff) {
  const test::TempDir dir;
  for (const char* given :
       {R"({"enable_trigger_monitors": true})",
        R"({"enable_trigger_monitors": false, "configuration": {"target_path": "http://h/"}})"}) {
    const LoadedConfig loaded = load(dir, given);
    EXPECT_TRUE(loaded.ok()) << shown(loaded.problems);
    EXPECT_TRUE(loaded.config.event_handlers.empty()) << given;
  }
}

TEST(QuotaMonitorConfig, TellsOfAWebHookThatCannotBeCalled) {
  const test::TempDir dir;
  const LoadedConfig loaded =
      load(dir, R"({"enable_trigger_monitors": true, "configuration": {"target_path": "here"}})");
  EXPECT_TRUE(loaded.config.event_handlers.empty());
  const Problem* problem = test::problemAt(loaded.problems, "/monitor/configuration");
  ASSERT_NE(problem, nullptr) << shown(loaded.problems);
  EXPECT_NE(problem->reason.find("URL must be absolute"), std::string::npos);
}

}  // namespace
}  // namespace tykpp::definition
