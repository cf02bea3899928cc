#include "session/keyring.hpp"

#include <gtest/gtest.h>

#include "common/keyring_fixture.hpp"
#include "session/key_hash.hpp"

namespace tykpp::session {
namespace {

constexpr const char* kKeyringOrg = "5e9d9544a1dcd60001d0ed20";

definition::GatewayConfig hashing(const char* function) {
  definition::GatewayConfig config;
  config.identity.keys.hash_keys = true;
  config.identity.keys.hash_key_function = function;
  return config;
}

std::shared_ptr<SessionEntry> find(test::KeyringLoop& keys, std::string org, std::string key) {
  return keys.ask([&](Keyring& ring) { return ring.find(org, key); }).value();
}

TEST(Keyring, FindsASessionOnceInTheStoreAndThenInTheCache) {
  test::KeyringLoop keys;
  keys.put("token", R"({"alias":"one","org_id":"o"})");
  EXPECT_EQ(find(keys, "o", "other"), nullptr);
  const auto entry = find(keys, "o", "token");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->stored().alias, "one");
  EXPECT_EQ(entry->key(), "token");
  keys.sync([&] { EXPECT_EQ(keys.keyring().cached("o", "token"), entry); });
  keys.sync([&] { EXPECT_EQ(keys.keyring().cached("p", "token"), nullptr); });
}

TEST(Keyring, ForgetsASessionThatIsWrittenAnew) {
  test::KeyringLoop keys;
  keys.put("token", R"({"alias":"one"})");
  EXPECT_EQ(find(keys, "", "token")->stored().alias, "one");
  keys.put("token", R"({"alias":"two"})");
  keys.sync([] {});
  EXPECT_EQ(find(keys, "", "token")->stored().alias, "two");
}

TEST(Keyring, PutsTheOrganisationBeforeAKeyThatHasNone) {
  test::KeyringLoop keys(hashing("murmur64"));
  const std::string token = makeToken(kKeyringOrg, "my-key", "murmur64");
  keys.put(token, R"({"alias":"one"})");
  ASSERT_NE(find(keys, kKeyringOrg, "my-key"), nullptr);
  EXPECT_EQ(find(keys, kKeyringOrg, "my-key")->token(), token);
  EXPECT_EQ(find(keys, kKeyringOrg, token)->key(), "4769538431cb9f4f");
}

TEST(Keyring, TriesTheFunctionsOfEarlierTimes) {
  definition::GatewayConfig config = hashing("sha256");
  config.identity.keys.hash_key_function_fallback = {"murmur128", "murmur32"};
  test::KeyringLoop keys(config);
  keys.put(makeToken(kKeyringOrg, "my-key", "murmur32"), R"({"alias":"old"})");
  ASSERT_NE(find(keys, kKeyringOrg, "my-key"), nullptr);
  EXPECT_EQ(find(keys, kKeyringOrg, "my-key")->key(), "526687c3");
}

TEST(Keyring, DoesNotAskForKeysThatAreTooShort) {
  definition::GatewayConfig config;
  config.identity.keys.min_token_length = 5;  // keys of this length are too short as well
  test::KeyringLoop keys(config);
  keys.put("token", "{}");
  EXPECT_EQ(find(keys, "", "token"), nullptr);
}

TEST(Keyring, KeepsNothingWithoutCache) {
  definition::GatewayConfig config;
  config.identity.sessions.disable_cached_session_state = true;
  test::KeyringLoop keys(config);
  keys.put("token", "{}");
  ASSERT_NE(find(keys, "", "token"), nullptr);
  keys.sync([&] { EXPECT_EQ(keys.keyring().cached("", "token"), nullptr); });
}

TEST(Keyring, TakesASessionThatCannotBeReadForNone) {
  test::KeyringLoop keys;
  const std::string key = "apikey-token";
  keys.ask([&](Keyring& ring) {
    return ring.client().set(key, R"({"rate":"much"})", {}, storage::SetIf::kAlways);
  });
  EXPECT_EQ(find(keys, "", "token"), nullptr);
}

TEST(SessionStore, ListsAndRemoves) {
  test::KeyringLoop keys;
  for (const char* token : {"b1", "a1", "a2"}) keys.put(token, "{}");
  using Names = std::vector<std::string>;
  EXPECT_EQ(keys.ask([](Keyring& ring) { return ring.store().list("a"); }).value(),
            (Names{"a1", "a2"}));
  const Names gone{"a1", "x"};
  EXPECT_EQ(keys.ask([&](Keyring& ring) { return ring.store().remove(gone); }).value(), 1);
  EXPECT_EQ(keys.ask([](Keyring& ring) { return ring.store().list(""); }).value(),
            (Names{"a2", "b1"}));
}

}  // namespace
}  // namespace tykpp::session
