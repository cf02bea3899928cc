// Each event carries what its type is documented to carry.

#include "events/fire.hpp"

#include <nlohmann/json.hpp>

#include "event_fixture.hpp"
#include "events/request_facts.hpp"

namespace tykpp::events {
namespace {

using Json = nlohmann::ordered_json;
using test::Collector;

class FireTest : public testing::Test {
 protected:
  FireTest() {
    auto table = std::make_shared<HandlerTable>();
    std::vector<std::string> names{"Own"};
    for (int i = 0; i < static_cast<int>(EventType::kCustom); ++i)
      names.emplace_back(definition::eventName(static_cast<EventType>(i)));
    for (const std::string& name : names) table->add("api", name, collector_);
    bus_.use(table);
    emitter_ = std::make_unique<Emitter>(bus_, "api", "org", test::handlersOf(names));
  }
  /// The events fired so far, when there are so many: `Type` and `Meta`, as text.
  std::vector<std::string> fired(std::size_t count) {
    std::vector<std::string> out;
    for (const Event& event : collector_->wait(count)) {
      Json meta = Json::parse(metaText(event));
      if (meta["OriginatingRequest"] != "") meta["OriginatingRequest"] = "R";
      out.push_back(event.name + " " + meta.dump());
    }
    return out;
  }
  std::string one() { return fired(1).at(0); }

  Bus bus_;
  std::shared_ptr<Collector> collector_ = std::make_shared<Collector>();
  std::unique_ptr<Emitter> emitter_;
  test::Request request_{"GET", "/api/a%20b?x=1"};
};

std::string client(const std::string& event, const std::string& message, const std::string& key,
                   const std::string& more = "") {
  return event + R"( {"Message":")" + message +
         R"(","OriginatingRequest":"R","Path":"/api/a b","Origin":"192.0.2.7","Key":")" + key +
         "\"" + more + "}";
}

TEST_F(FireTest, AuthFailure) {
  fireAuthFailure(emitter_.get(), request_.exchange, "k");
  EXPECT_EQ(one(), client("AuthFailure", "Auth Failure", "k"));
}

TEST_F(FireTest, KeyExpired) {
  fireKeyExpired(emitter_.get(), request_.exchange, "k", KeyProblem::kInactive);
  fireKeyExpired(emitter_.get(), request_.exchange, "k", KeyProblem::kExpired);
  EXPECT_EQ(fired(2),
            (std::vector{client("KeyExpired", "Attempted access from inactive key.", "k"),
                         client("KeyExpired", "Attempted access from expired key.", "k")}));
}

TEST_F(FireTest, LimitsOfKeysAndApis) {
  fireQuotaExceeded(emitter_.get(), request_.exchange, "k");
  fireRateLimitExceeded(emitter_.get(), request_.exchange, "k", RateLimitOf::kKey);
  fireRateLimitExceeded(emitter_.get(), request_.exchange, "k", RateLimitOf::kApi);
  fireRateLimitSmoothing(emitter_.get(), request_.exchange, "k", Smoothing::kUp, "more");
  fireRateLimitSmoothing(emitter_.get(), request_.exchange, "k", Smoothing::kDown, "less");
  EXPECT_EQ(fired(5), (std::vector{client("QuotaExceeded", "Key Quota Limit Exceeded", "k"),
                                   client("RatelimitExceeded", "Rate Limit Exceeded", "k"),
                                   client("RatelimitExceeded", "API Rate Limit Exceeded", "k"),
                                   client("RateLimitSmoothingUp", "more", "k"),
                                   client("RateLimitSmoothingDown", "less", "k")}));
}

TEST_F(FireTest, LimitsOfOrganisations) {
  fireOrgQuotaExceeded(emitter_.get(), request_.exchange, "org");
  fireOrgRateLimitExceeded(emitter_.get(), request_.exchange, "org");
  EXPECT_EQ(fired(2),
            (std::vector{client("OrgQuotaExceeded", "Organisation quota has been exceeded", "org"),
                         client("OrgRateLimitExceeded", "Organisation rate limit has been exceeded",
                                "org")}));
}

TEST_F(FireTest, VersionFailure) {
  fireVersionFailure(emitter_.get(), request_.exchange, "why");
  EXPECT_EQ(one(), client("VersionFailure", "Attempted access to disallowed version / path.", "",
                          R"(,"Reason":"why")"));
}

TEST_F(FireTest, TriggerExceeded) {
  fireTriggerExceeded(emitter_.get(), request_.exchange, {"org", "k", 80, 85});
  EXPECT_EQ(one(), R"(TriggerExceeded {"Message":"Quota trigger reached","OriginatingRequest":"R",)"
                   R"("org_id":"org","key":"k","trigger_limit":80,"usage_percentage":85})");
}

TEST_F(FireTest, Breaker) {
  fireBreaker(emitter_.get(), "/status/{c}", BreakerChange::kTripped);
  fireBreaker(emitter_.get(), "/status/{c}", BreakerChange::kReset);
  const std::string tripped =
      R"( {"Message":"Breaker Tripped","OriginatingRequest":"","Path":"/status/{c}","APIID":"api","CircuitEvent":0})";
  const std::string reset =
      R"( {"Message":"Breaker Reset","OriginatingRequest":"","Path":"/status/{c}","APIID":"api","CircuitEvent":1})";
  EXPECT_EQ(fired(4), (std::vector{"BreakerTriggered" + tripped, "BreakerTripped" + tripped,
                                   "BreakerTriggered" + reset, "BreakerReset" + reset}));
}

TEST_F(FireTest, Host) {
  HostDetails details;
  details.check_url = "http://h/";
  details.method = "GET";
  details.meta_data = {{"api_id", "a"}, {"host_name", "h"}, {"target_url", "http://h/"}};
  details.response_code = 521;
  details.is_tcp_error = true;
  fireHost(emitter_.get(), HostState::kDown, details);
  const Json meta = Json::parse(metaText(collector_->wait(1).at(0)));
  EXPECT_EQ(meta["Message"], "Uptime test failed");
  EXPECT_EQ(meta["HostInfo"]["CheckURL"], "http://h/");
  EXPECT_EQ(meta["HostInfo"]["ResponseCode"], 521);
  EXPECT_EQ(meta["HostInfo"]["IsTCPError"], true);
  EXPECT_EQ(meta["HostInfo"]["MetaData"]["api_id"], "a");
  fireHost(emitter_.get(), HostState::kUp, details);
  EXPECT_EQ(collector_->wait(2).at(1).name, "HostUp");
  EXPECT_EQ(collector_->wait(2).at(1).message, "Uptime test succeeded");
}

TEST_F(FireTest, Tokens) {
  fireToken(emitter_.get(), TokenChange::kCreated, "Key generated.", {"org", "k"});
  fireToken(emitter_.get(), TokenChange::kUpdated, "Key modified.", {"org", "k"});
  fireToken(emitter_.get(), TokenChange::kDeleted, "Key deleted.", {"org", "k"});
  const auto meta = [](const char* message) {
    return std::string(R"( {"Message":")") + message +
           R"(","OriginatingRequest":"","Org":"org","Key":"k"})";
  };
  EXPECT_EQ(fired(3), (std::vector{"TokenCreated" + meta("Key generated."),
                                   "TokenUpdated" + meta("Key modified."),
                                   "TokenDeleted" + meta("Key deleted.")}));
}

TEST_F(FireTest, Certificates) {
  const auto end = std::chrono::system_clock::time_point(std::chrono::seconds(86'400));
  fireCertificate(emitter_.get(), CertificateState::kExpiringSoon, "m",
                  {"id", "name", end, 3, "server", ""});
  fireCertificate(emitter_.get(), CertificateState::kExpired, "m",
                  {"id", "name", end, 4, "client", "a"});
  EXPECT_EQ(
      fired(2),
      (std::vector<std::string>{
          R"(CertificateExpiringSoon {"Message":"m","OriginatingRequest":"","CertID":"id","CertName":"name","ExpiresAt":"1970-01-02T00:00:00Z","DaysRemaining":3,"CertRole":"server","APIID":""})",
          R"(CertificateExpired {"Message":"m","OriginatingRequest":"","CertID":"id","CertName":"name","ExpiredAt":"1970-01-02T00:00:00Z","DaysSinceExpiry":4,"CertRole":"client","APIID":"a"})"}));
}

TEST_F(FireTest, Custom) {
  fireCustom(emitter_.get(), "Own", "hello");
  fireCustom(emitter_.get(), "Unheard", "hello");
  fireCustom(emitter_.get(), "Own", "again");
  EXPECT_EQ(fired(2),
            (std::vector<std::string>{R"(Own {"Message":"hello","OriginatingRequest":""})",
                                      R"(Own {"Message":"again","OriginatingRequest":""})"}));
}

TEST_F(FireTest, TellsTheTimeAsGoDoes) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  using namespace std::chrono;
  const system_clock::time_point time(
      duration_cast<system_clock::duration>(seconds(1'767'366'245) + nanoseconds(120'000'000)));
  EXPECT_EQ(timeStamp(time), "2026-01-02 15:04:05.12 +0000 UTC");
  EXPECT_EQ(timeStamp(time - milliseconds(120)), "2026-01-02 15:04:05 +0000 UTC");
}

TEST_F(FireTest, PacksWhatPluginsGet) {
  fireAuthFailure(emitter_.get(), request_.exchange, "k");
  const Json payload = Json::parse(pluginPayload(collector_->wait(1).at(0), "onFailure"));
  EXPECT_EQ(payload["handler_name"], "onFailure");
  EXPECT_EQ(payload["spec"]["APIID"], "api");
  EXPECT_EQ(payload["spec"]["OrgID"], "org");
  EXPECT_EQ(payload["message"]["Type"], "AuthFailure");
  EXPECT_EQ(payload["message"]["Meta"]["Key"], "k");
  EXPECT_EQ(payload["message"]["Meta"]["OriginatingRequest"],
            "R0VUIC9hcGkvYSUyMGI/eD0xIEhUVFAvMS4xDQpIb3N0OiBleGFtcGxlLm9yZw0KDQo=");
  EXPECT_FALSE(payload["message"]["TimeStamp"].get<std::string>().empty());
}

TEST(RequestFacts, ShowsTheRequestOnTheWire) {
  test::Request request("POST", "/a?b=c");
  request.header("X-A", "1");
  request.exchange.request().setBody("hello");
  EXPECT_EQ(wireForm(request.exchange),
            "POST /a?b=c HTTP/1.1\r\nHost: example.org\r\nX-A: 1\r\n\r\nhello");
  request.exchange.request().setBody(std::string(kMaxWireBody + 1, 'x'));
  EXPECT_EQ(wireForm(request.exchange),
            "POST /a?b=c HTTP/1.1\r\nHost: example.org\r\nX-A: 1\r\n\r\n");
}

TEST(RequestFacts, FindsTheCredential) {
  test::Request request("GET", "/a?key=from%20query");
  const definition::CredentialSource header;
  EXPECT_EQ(credentialOf(request.exchange, header), "");
  request.header("authorization", "from header");
  EXPECT_EQ(credentialOf(request.exchange, header), "from header");
  EXPECT_EQ(credentialOf(request.exchange, {"Authorization", "key", ""}), "from query");
  EXPECT_EQ(credentialOf(request.exchange, {"Authorization", "key", "c"}), "from query");
  request.header("Cookie", "a=b; c=from cookie");
  EXPECT_EQ(credentialOf(request.exchange, {"Authorization", "key", "c"}), "from cookie");
  EXPECT_EQ(credentialOf(request.exchange, {"", "", ""}), "");
}

}  // namespace
}  // namespace tykpp::events
