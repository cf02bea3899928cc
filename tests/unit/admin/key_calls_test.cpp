#include <gtest/gtest.h>

#include "common/store_loop.hpp"
#include "definition/auth_rules.hpp"
#include "definition/limit_rules.hpp"
#include "net/loop.hpp"
#include "unit/admin/admin_fixture.hpp"

namespace tykpp::admin {
namespace {

/// Calls that wait for an embedded store; the loop runs in the test's thread until they answered.
class KeyCallsTest : public AdminTest {
 protected:
  KeyCallsTest() {
    store_ = storage::makeEmbeddedKeyStore({.file = folder_.file("keys.db")});
    test::awaitUp(*store_);
    client_ = store_->client(loop_);
    control_.settings.identity.keys.hash_keys = true;
    control_.settings.identity.keys.hash_key_function = "murmur64";
    sessions_ = std::make_unique<session::SessionStore>(
        *client_, control_.settings,
        [this](std::string_view name) { changed_.emplace_back(name); });
    site_ = std::make_unique<oauth::Site>(
        oauth::Site{loop_, *sessions_, passwords_, control_.settings,
                    [this]() -> const session::PolicySet& { return *control_.policy_set; }});
    control_.main_site = site_.get();
    auto api = serve("one");
    api->org_id = "o";
  }
  /// A call that may answer later.
  AdminReply ask(const std::string& method, const std::string& target,
                 const std::string& body = "") {
    AdminRequest request;
    const std::size_t mark = target.find('?');
    request.method = method;
    request.path = "/tyk" + target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    request.body = body;
    request.authorization = "s3cret";
    request.content_type = "application/x-www-form-urlencoded";
    AdminReply out;
    int replies = 0;
    loop_.post([&] {
      api_->handle(std::move(request), [&](AdminReply reply) {
        out = std::move(reply);
        ++replies;
        loop_.stop();
      });
    });
    loop_.run();
    loop_.io().restart();
    EXPECT_EQ(replies, 1);
    return out;
  }
  nlohmann::json read(const AdminReply& reply) {
    return nlohmann::json::parse(reply.body, nullptr, false);
  }
  void addPolicy(const std::string& json) {
    session::PolicySet::Entries entries = control_.policy_set->entries();
    auto policy = session::Policy::parse(json).value();
    entries[policy.id] = {policy, ""};
    control_.policy_set = std::make_shared<session::PolicySet>(std::move(entries));
  }

  static constexpr const char* kKey =
      R"({"org_id":"o","rate":10,"per":1,"quota_max":-1,"access_rights":{"one":{"api_id":"one"}}})";

  test::Folder folder_;
  net::Loop loop_;
  std::unique_ptr<storage::KeyStore> store_;
  std::unique_ptr<storage::KeyStoreClient> client_;
  std::unique_ptr<session::SessionStore> sessions_;
  session::PasswordPool passwords_{1};
  std::unique_ptr<oauth::Site> site_;
  std::vector<std::string> changed_;
};

TEST_F(KeyCallsTest, CreatesReadsAndRemovesAKey) {
  const auto made = read(ask("POST", "/keys/mine", kKey));
  const std::string hash = made["key_hash"];
  EXPECT_EQ(made["action"], "added");
  EXPECT_EQ(read(ask("GET", "/keys/mine?org_id=o"))["rate"], 10);
  EXPECT_EQ(read(ask("GET", "/keys/" + hash + "?hashed=1"))["rate"], 10);
  EXPECT_EQ(ask("GET", "/keys/mine").status, 404);
  EXPECT_EQ(read(ask("DELETE", "/keys/mine?org_id=o"))["key"], made["key"]);
  EXPECT_EQ(ask("GET", "/keys/mine?org_id=o").status, 404);
  EXPECT_EQ(changed_, (std::vector<std::string>{hash, hash}));
  const std::string token = made["key"];
  EXPECT_EQ(control_.told, (std::vector<std::string>{"created Key modified. o " + token,
                                                     "deleted Key deleted. o " + token}));
}

TEST_F(KeyCallsTest, KeepsTheDateOfAKeyAndWhatSuppressResetNames) {
  const auto made = read(ask("POST", "/keys/mine", kKey));
  const auto before = read(ask("GET", "/keys/mine?org_id=o"));
  ask("PUT", "/keys/mine?suppress_reset=1", kKey);
  const auto after = read(ask("GET", "/keys/mine?org_id=o"));
  EXPECT_EQ(after["date_created"], before["date_created"]);
  EXPECT_EQ(after["quota_renews"], before["quota_renews"]);
  EXPECT_EQ(after["last_updated"], before["last_updated"]);
}

TEST_F(KeyCallsTest, AnEndThatIsPastIsTheOneBefore) {
  std::string key = kKey;
  key.insert(1, R"("expires":1000,)");
  const auto made = read(ask("POST", "/keys/mine", key));
  EXPECT_FALSE(read(ask("GET", "/keys/mine?org_id=o")).contains("expires"));
}

TEST_F(KeyCallsTest, DoesNotResetWhatAnApiForbids) {
  auto limits = std::make_shared<definition::LimitRules>();
  limits->dont_set_quota_on_create = true;
  auto api = std::make_shared<definition::ApiSpec>(*control_.served.front());
  api->limits = limits;
  control_.served = {api};
  ask("POST", "/keys/mine", kKey);
  EXPECT_FALSE(read(ask("GET", "/keys/mine?org_id=o")).contains("quota_renews"));
}

TEST_F(KeyCallsTest, RefusesPoliciesOfOtherOrganisations) {
  addPolicy(R"({"id":"theirs","org_id":"p","access_rights":{"one":{}}})");
  const std::string body = R"({"org_id":"o","apply_policies":["theirs"]})";
  EXPECT_EQ(ask("POST", "/keys", body).status, 500);
  const AdminReply created = ask("POST", "/keys/create", body);
  EXPECT_EQ(created.status, 500);
  EXPECT_NE(created.body.find("different organisation"), std::string::npos) << created.body;
}

TEST_F(KeyCallsTest, NewKeysEndWhenTheirPolicySays) {
  addPolicy(R"({"id":"trial","org_id":"o","key_expires_in":100,"access_rights":{"one":{}}})");
  const std::string body = R"({"org_id":"o","apply_policies":["trial"]})";
  const auto made = read(ask("POST", "/keys/mine", body));
  const std::int64_t end = read(ask("GET", "/keys/mine?org_id=o"))["expires"];
  EXPECT_GT(end, 1'600'000'000);
  std::string again = body;
  again.insert(1, R"("expires":)" + std::to_string(end + 500) + ",");
  ask("PUT", "/keys/mine", again);
  EXPECT_EQ(read(ask("GET", "/keys/mine?org_id=o"))["expires"], end + 500);
}

TEST_F(KeyCallsTest, AnswersWhenTheStoreIsGone) {
  client_.reset();
  store_.reset();
  store_ = storage::makeEmbeddedKeyStore({.file = "/proc/none/keys.db"});
  client_ = store_->client(loop_);
  sessions_ = std::make_unique<session::SessionStore>(*client_, control_.settings, nullptr);
  site_ = std::make_unique<oauth::Site>(
      oauth::Site{loop_, *sessions_, passwords_, control_.settings,
                  [this]() -> const session::PolicySet& { return *control_.policy_set; }});
  control_.main_site = site_.get();
  const AdminReply reply = ask("POST", "/keys", kKey);
  EXPECT_EQ(reply.status, 500);
  EXPECT_NE(reply.body.find("The key store does not answer: "), std::string::npos) << reply.body;
}

class OAuthCallsTest : public KeyCallsTest {
 protected:
  OAuthCallsTest() {
    auto api = serve("auth");
    auto rules = std::make_shared<definition::AuthRules>();
    rules->oauth.enabled = true;
    api->org_id = "o";
    api->auth = rules;
    addPolicy(R"({"id":"pol","org_id":"o","access_rights":{"auth":{"api_id":"auth"}}})");
    addPolicy(R"({"id":"other","org_id":"o","access_rights":{"one":{"api_id":"one"}}})");
  }
};

TEST_F(OAuthCallsTest, AClientsLife) {
  const AdminReply made = ask("POST", "/oauth/clients/create",
                              R"({"api_id":"auth","client_id":"c","secret":"s",)"
                              R"("redirect_uri":"http://x/<b>","policy_id":"pol"})");
  EXPECT_EQ(made.body,
            R"({"client_id":"c","redirect_uri":"http://x/\u003cb\u003e","policy_id":"pol",)"
            R"("secret":"s","meta_data":null,"description":""})"
            "\n");
  EXPECT_EQ(ask("GET", "/oauth/clients/auth").body,
            "[" + made.body.substr(0, made.body.size() - 1) + "]\n");
  EXPECT_EQ(ask("GET", "/oauth/clients/auth/c").body, made.body);
  EXPECT_EQ(ask("GET", "/oauth/clients/apis/c?orgID=").body, "[\"auth\"]\n");
  EXPECT_EQ(ask("GET", "/oauth/clients/apis/c").status, 404);

  const auto updated = read(ask("PUT", "/oauth/clients/auth/c",
                                R"({"secret":"no","redirect_uri":"http://y","policy_id":"pol",)"
                                R"("meta_data":{"a":1},"description":"d"})"));
  EXPECT_EQ(updated["secret"], "s");
  EXPECT_EQ(updated["redirect_uri"], "http://y");
  EXPECT_EQ(updated["meta_data"]["a"], 1);
  const auto rotated = read(ask("PUT", "/oauth/clients/auth/c/rotate"));
  EXPECT_NE(rotated["secret"], "s");
  EXPECT_EQ(read(ask("GET", "/oauth/clients/auth")).size(), 1U);
  EXPECT_EQ(ask("DELETE", "/oauth/clients/auth/c").body, done("c", "deleted"));
  EXPECT_EQ(ask("DELETE", "/oauth/clients/auth/c").body, error("OAuth Client ID not found"));
  EXPECT_EQ(ask("GET", "/oauth/clients/auth").body, "[]\n");
}

TEST_F(OAuthCallsTest, RefusesClients) {
  const auto create = [this](const std::string& body) {
    return ask("POST", "/oauth/clients/create", body).body;
  };
  EXPECT_EQ(create("{"), error("Unmarshalling failed"));
  EXPECT_EQ(create(R"({"api_id":"none"})"), error("API doesn't exist"));
  EXPECT_EQ(create(R"({"api_id":"one"})"), error("API is not OAuth2"));
  EXPECT_EQ(create(R"({"policy_id":"none"})"), error("Policy doesn't exist"));
  EXPECT_EQ(create(R"({"policy_id":"other"})"), error("API is not OAuth2"));
  EXPECT_EQ(ask("GET", "/oauth/clients/none").body, "null\n");
  EXPECT_EQ(ask("GET", "/oauth/clients/one").body, "[]\n");
  EXPECT_EQ(ask("PUT", "/oauth/clients/auth/c", R"({"policy_id":"none"})").body,
            error("Policy doesn't exist"));
  EXPECT_EQ(ask("PUT", "/oauth/clients/auth/c", R"({"policy_id":"other"})").body,
            error("Policy access rights doesn't contain API this OAuth client belongs to"));
  EXPECT_EQ(ask("PUT", "/oauth/clients/auth/c", "{}").body, error("OAuth Client ID not found"));
}

TEST_F(OAuthCallsTest, ListsAndRevokesTokens) {
  ask("POST", "/oauth/clients/create",
      R"({"policy_id":"pol","client_id":"c","secret":"s","redirect_uri":"http://x"})");
  EXPECT_EQ(ask("GET", "/oauth/clients/auth/c/tokens").body, "[]\n");
  EXPECT_EQ(ask("GET", "/oauth/clients/auth/c/tokens?page=x").body,
            R"({"Pagination":{"page_num":1,"page_total":0,"page_size":100},"Tokens":[]})"
            "\n");
  EXPECT_EQ(ask("POST", "/oauth/revoke", "").body, error("token is required"));
  EXPECT_EQ(ask("POST", "/oauth/revoke", "token=t").body, error("client_id is required"));
  EXPECT_EQ(ask("POST", "/oauth/revoke", "token=t&client_id=d").body,
            error("oauth client doesn't exist"));
  EXPECT_EQ(ask("POST", "/oauth/revoke", "token=t&client_id=c").status, 200);
  EXPECT_EQ(ask("POST", "/oauth/revoke", "token=%zz").body,
            error("cannot parse form. Form malformed"));
  EXPECT_EQ(ask("POST", "/oauth/revoke_all", "client_id=c").body,
            error("client_secret is required"));
  EXPECT_EQ(ask("POST", "/oauth/revoke_all", "client_id=c&client_secret=no").status, 200);
  EXPECT_EQ(ask("DELETE", "/oauth/tokens").body, error("scope parameter is required"));
  EXPECT_EQ(ask("DELETE", "/oauth/tokens?scope=all").body, error("unknown scope"));
  EXPECT_EQ(ask("DELETE", "/oauth/tokens?scope=lapsed").status, 200);
  EXPECT_EQ(ask("DELETE", "/oauth/refresh/t").body, error("Missing parameter api_id"));
}

}  // namespace
}  // namespace tykpp::admin
