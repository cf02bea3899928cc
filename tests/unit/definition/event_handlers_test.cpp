// Event handlers as Classic and OAS definitions and the configuration name them.

#include "definition/event_handlers.hpp"

#include <gtest/gtest.h>

#include "definition/classic.hpp"
#include "definition/config_loader.hpp"
#include "definition/oas.hpp"
#include "definitions.hpp"
#include "temp_dir.hpp"

namespace tykpp::definition {
namespace {

using Json = nlohmann::json;

struct Loaded {
  std::vector<EventHandler> handlers;
  Problems problems;
};

GatewayConfig configIn(const std::string& directory) {
  GatewayConfig config;
  config.working_directory = directory;
  return config;
}

Loaded classicWith(const Json& events) {
  Json document = test::classicDefinition();
  document["event_handlers"] = {{"events", events}};
  Loaded loaded;
  auto spec = parseClassic(document.dump(), "one.json", configIn("/gw"), loaded.problems);
  EXPECT_TRUE(spec) << test::shown(loaded.problems);
  if (spec) loaded.handlers = spec->event_handlers;
  return loaded;
}

Loaded oasWith(const Json& handlers) {
  Json document = test::oasDefinition();
  document["x-tyk-api-gateway"]["server"]["eventHandlers"] = handlers;
  Loaded loaded;
  auto spec = parseOas(document.dump(), "one.json", configIn("/gw"), loaded.problems);
  EXPECT_TRUE(spec) << test::shown(loaded.problems);
  if (spec) loaded.handlers = spec->event_handlers;
  return loaded;
}

/// The reason why the only handler of AuthFailure was left out.
std::string whyIgnored(const std::string& name, const Json& meta) {
  const Loaded loaded =
      classicWith({{"AuthFailure", {{{"handler_name", name}, {"handler_meta", meta}}}}});
  EXPECT_TRUE(loaded.handlers.empty());
  EXPECT_EQ(loaded.problems.size(), 1U) << test::shown(loaded.problems);
  if (loaded.problems.empty()) return {};
  EXPECT_EQ(loaded.problems[0].severity, Severity::kWarning);
  EXPECT_EQ(loaded.problems[0].pointer, "/event_handlers/events/AuthFailure/0");
  const std::string begin = "Failed to init event handler: ";
  EXPECT_EQ(loaded.problems[0].reason.substr(0, begin.size()), begin);
  return loaded.problems[0].reason;
}

TEST(EventHandlers, ReadsEveryKindOfAClassicDefinition) {
  const Loaded loaded = classicWith(Json::parse(R"({
    "AuthFailure": [
      {"handler_name": "eh_log_handler", "handler_meta": {"prefix": "SEEN"}},
      {"handler_name": "eh_web_hook_handler", "handler_meta": {"name": "hook", "method": "put",
        "target_path": "https://h:8443/x?y=1", "template_path": "templates/t.json",
        "header_map": {"X-A": "b"}, "event_timeout": 10}},
      {"handler_name": "eh_dynamic_handler", "handler_meta": {"name": "o", "path": "on.js"}}],
    "KeyExpired": [{"handler_name": "cp_dynamic_handler", "handler_meta": {"name": "f"}}]})"));
  EXPECT_TRUE(loaded.problems.empty()) << test::shown(loaded.problems);
  ASSERT_EQ(loaded.handlers.size(), 4U);
  EXPECT_EQ(loaded.handlers[0].kind, EventHandlerKind::kLog);
  EXPECT_EQ(loaded.handlers[0].event, "AuthFailure");
  EXPECT_EQ(loaded.handlers[0].prefix, "SEEN");
  const EventHandler& hook = loaded.handlers[1];
  EXPECT_EQ(hook.kind, EventHandlerKind::kWebHook);
  EXPECT_EQ(hook.method, "PUT");
  EXPECT_EQ(hook.target, "https://h:8443/x?y=1");
  EXPECT_EQ(hook.template_file, "/gw/templates/t.json");
  EXPECT_EQ(hook.headers, (decltype(hook.headers){{"X-A", "b"}}));
  EXPECT_EQ(hook.cooldown.count(), 10);
  EXPECT_EQ(hook.pointer, "/event_handlers/events/AuthFailure/1");
  EXPECT_EQ(loaded.handlers[2].kind, EventHandlerKind::kScript);
  EXPECT_EQ(loaded.handlers[2].name, "o");
  EXPECT_EQ(loaded.handlers[2].script, "/gw/on.js");
  EXPECT_EQ(loaded.handlers[3].kind, EventHandlerKind::kPlugin);
  EXPECT_EQ(loaded.handlers[3].name, "f");
}

TEST(EventHandlers, ReadsEveryKindOfAnOasDocument) {
  const Loaded loaded = oasWith(Json::parse(R"([
    {"enabled": true, "trigger": "AuthFailure", "type": "webhook", "name": "h1", "url": "http://h/x",
     "method": "POST", "bodyTemplate": "t.json", "cooldownPeriod": "1m30s",
     "headers": [{"name": "X-From", "value": "oas"}]},
    {"enabled": false, "trigger": "AuthFailure", "type": "webhook", "url": "http://h/never"},
    {"enabled": true, "trigger": "AuthFailure", "type": "custom", "name": "c", "functionName": "f",
     "path": "on.js"},
    {"enabled": true, "trigger": "KeyExpired", "type": "log", "logPrefix": "LOG"}])"));
  EXPECT_TRUE(loaded.problems.empty()) << test::shown(loaded.problems);
  ASSERT_EQ(loaded.handlers.size(), 3U);
  EXPECT_EQ(loaded.handlers[0].target, "http://h/x");
  EXPECT_EQ(loaded.handlers[0].method, "POST");
  EXPECT_EQ(loaded.handlers[0].cooldown.count(), 90);
  EXPECT_EQ(loaded.handlers[0].headers, (decltype(EventHandler::headers){{"X-From", "oas"}}));
  EXPECT_EQ(loaded.handlers[0].pointer, "/x-tyk-api-gateway/server/eventHandlers");
  EXPECT_EQ(loaded.handlers[1].name, "f");
  EXPECT_EQ(loaded.handlers[1].script, "/gw/on.js");
  EXPECT_EQ(loaded.handlers[2].prefix, "LOG");
  EXPECT_EQ(loaded.handlers[2].event, "KeyExpired");
}

TEST(EventHandlers, NamesAnUnknownTypeOfAnOasDocument) {
  const Loaded loaded =
      oasWith(Json::parse(R"([{"enabled": true, "trigger": "AuthFailure", "type": "mail"}])"));
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_EQ(loaded.problems[0].pointer, "/x-tyk-api-gateway/server/eventHandlers");
  EXPECT_NE(loaded.problems[0].reason.find("'mail'"), std::string::npos);
}

TEST(EventHandlers, LeavesOutWhatCannotBeUsedAndSaysSo) {
  EXPECT_NE(whyIgnored("eh_mail_handler", {}).find("Handler 'eh_mail_handler' not found"),
            std::string::npos);
  EXPECT_NE(whyIgnored("eh_log_handler", {{"prefix", 1}}).find("prefix"), std::string::npos);
  EXPECT_NE(whyIgnored("eh_dynamic_handler", {{"path", "a.js"}}).find("name"), std::string::npos);
  EXPECT_NE(whyIgnored("eh_dynamic_handler", {{"name", "a"}}).find("path"), std::string::npos);
  EXPECT_NE(whyIgnored("cp_dynamic_handler", Json::object()).find("name"), std::string::npos);
  for (const char* url : {"", "/x", "h/x", "ftp://h/x", "h2c://h/x", "http://"}) {
    EXPECT_NE(
        whyIgnored("eh_web_hook_handler", {{"target_path", url}}).find("URL must be absolute"),
        std::string::npos)
        << url;
  }
  const Json usable = {{"target_path", "http://h/"}};
  Json meta = usable;
  meta["header_map"] = {{"X-A", "1\r\nX-B: 2"}};
  EXPECT_NE(whyIgnored("eh_web_hook_handler", meta).find("X-A"), std::string::npos);
  meta = usable;
  meta["event_timeout"] = -1;
  EXPECT_NE(whyIgnored("eh_web_hook_handler", meta).find("event_timeout"), std::string::npos);
}

TEST(EventHandlers, UsesGetForAWrongMethodAndSaysSo) {
  const Loaded loaded = classicWith(Json::parse(
      R"({"AuthFailure": [{"handler_name": "eh_web_hook_handler",
          "handler_meta": {"target_path": "http://h/", "method": "FETCH"}}]})"));
  ASSERT_EQ(loaded.handlers.size(), 1U);
  EXPECT_EQ(loaded.handlers[0].method, "GET");
  const Problem* problem =
      test::problemAt(loaded.problems, "/event_handlers/events/AuthFailure/0/handler_meta/method");
  ASSERT_NE(problem, nullptr);
  EXPECT_NE(problem->reason.find("FETCH"), std::string::npos);
}

TEST(EventHandlers, SaysWhichEventsNothingFires) {
  const Loaded loaded = classicWith(Json::parse(
      R"({"BreakerTripped": [{"handler_name": "eh_log_handler"}], "Own": [{"handler_name": "eh_log_handler"}]})"));
  EXPECT_EQ(loaded.handlers.size(), 2U);
  ASSERT_EQ(loaded.problems.size(), 2U) << test::shown(loaded.problems);
  EXPECT_NE(loaded.problems[0].reason.find("BreakerTripped is not fired"), std::string::npos);
  EXPECT_NE(loaded.problems[1].reason.find("no part of an API fires an event Own"),
            std::string::npos);
}

TEST(EventHandlers, KnowsEachEventByItsName) {
  for (int i = 0; i < static_cast<int>(EventType::kCustom); ++i) {
    const auto type = static_cast<EventType>(i);
    EXPECT_EQ(eventType(eventName(type)), type) << eventName(type);
  }
  EXPECT_EQ(eventType("Anything"), EventType::kCustom);
  EXPECT_EQ(eventType("RatelimitExceeded"), EventType::kRateLimitExceeded);
}

TEST(EventHandlers, ReadsThoseOfTheConfiguration) {
  test::TempDir dir;
  const std::string file =
      dir.write("tyk.conf", R"({"listen_port": 8080, "event_handlers": {"events": {
      "Deployed": [{"handler_name": "eh_log_handler", "handler_meta": {"prefix": "GW"}},
                   {"handler_name": "cp_dynamic_handler", "handler_meta": {"name": "f"}}]}}})");
  const auto loaded = loadConfig({file}, Environment(std::map<std::string, std::string>{}));
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->ok());
  ASSERT_EQ(loaded->config.event_handlers.size(), 1U);
  EXPECT_EQ(loaded->config.event_handlers[0].event, "Deployed");
  EXPECT_EQ(loaded->config.event_handlers[0].prefix, "GW");
  const Problem* problem = test::problemAt(loaded->problems, "/event_handlers/events/Deployed/1");
  ASSERT_NE(problem, nullptr) << test::shown(loaded->problems);
  EXPECT_NE(problem->reason.find("no plugin driver is available"), std::string::npos);
  EXPECT_TRUE(loaded->not_built.empty());
}

TEST(EventHandlers, ReadsWhereTheCredentialIs) {
  Json document = test::classicDefinition();
  document["auth_configs"] = {{"coprocess",
                               {{"auth_header_name", "X-Token"},
                                {"use_param", true},
                                {"use_cookie", true},
                                {"cookie_name", "c"}}}};
  Problems problems;
  auto spec = parseClassic(document.dump(), "one.json", configIn("/gw"), problems);
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->custom_auth_source.header, "X-Token");
  EXPECT_EQ(spec->custom_auth_source.param, "X-Token");
  EXPECT_EQ(spec->custom_auth_source.cookie, "c");
}

}  // namespace
}  // namespace tykpp::definition
