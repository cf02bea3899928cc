#include "storage/key_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "common/redis_server.hpp"
#include "common/store_loop.hpp"

namespace tykpp::storage {
namespace {

using namespace std::chrono_literals;
using test::StoreLoop;
using Client = KeyStoreClient;

/// One of the two stores with what it needs.
class Backend {
 public:
  explicit Backend(bool redis) {
    if (redis) {
      server_ = std::make_unique<test::RedisServer>();
      RedisOptions options;
      options.address.addresses = {test::local(server_->port())};
      options.longest_pause = 100ms;
      store_ = std::move(makeRedisKeyStore(options).value());
    } else {
      store_ = makeEmbeddedKeyStore({.file = folder_.file("keys.db")});
    }
  }
  KeyStore& store() { return *store_; }

 private:
  test::Folder folder_;
  std::unique_ptr<test::RedisServer> server_;
  std::unique_ptr<KeyStore> store_;
};

/// Everything that must mean the same in both stores.
class BothStores : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && !test::hasRedis()) GTEST_SKIP() << "redis-server is not installed";
    backend_ = std::make_unique<Backend>(GetParam());
    loop_ = std::make_unique<StoreLoop>(backend_->store());
    ASSERT_TRUE(test::awaitUp(backend_->store())) << backend_->store().state().reason;
  }
  template <class Make>
  auto ask(Make make) {
    return loop_->ask(make);
  }
  Result<bool> set(std::string key, std::string value, std::chrono::seconds ttl = 0s,
                   SetIf condition = SetIf::kAlways) {
    return ask([&](Client& c) { return c.set(key, value, ttl, condition); });
  }
  std::optional<std::string> get(std::string key) {
    return ask([&](Client& c) { return c.get(key); }).value();
  }
  Result<QuotaStep> quota(std::string key, std::int64_t max, std::chrono::seconds renewal) {
    return ask([&](Client& c) { return c.quotaStep(key, max, renewal); });
  }

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<StoreLoop> loop_;
};

TEST_P(BothStores, KeepsBytes) {
  const std::string bytes("a\0b\r\n\xff", 6);
  EXPECT_EQ(get("key"), std::nullopt);
  ASSERT_TRUE(set("key", bytes));
  EXPECT_EQ(get("key"), bytes);
  ASSERT_TRUE(set("key", ""));
  EXPECT_EQ(get("key"), "");
}

TEST_P(BothStores, WritesUnderConditions) {
  EXPECT_FALSE(set("key", "1", 0s, SetIf::kPresent).value());
  EXPECT_TRUE(set("key", "2", 0s, SetIf::kAbsent).value());
  EXPECT_FALSE(set("key", "3", 0s, SetIf::kAbsent).value());
  EXPECT_EQ(get("key"), "2");
  EXPECT_TRUE(set("key", "4", 0s, SetIf::kPresent).value());
  EXPECT_EQ(get("key"), "4");
}

TEST_P(BothStores, EndsKeysAndTellsHowLongTheyLive) {
  ASSERT_TRUE(set("brief", "x", 1s));
  ASSERT_TRUE(set("lasting", "x", 100s));
  const auto lasting = ask([](Client& c) { return c.lifetime("lasting"); });
  EXPECT_TRUE(lasting->exists);
  EXPECT_GT(lasting->left, 90s);
  ASSERT_TRUE(set("lasting", "y"));  // removes the older time to live
  EXPECT_LT(ask([](Client& c) { return c.lifetime("lasting"); })->left, 0s);
  EXPECT_TRUE(ask([](Client& c) { return c.expire("lasting", 50s); }).value());
  EXPECT_GT(ask([](Client& c) { return c.lifetime("lasting"); })->left, 40s);
  EXPECT_TRUE(ask([](Client& c) { return c.expire("lasting", 0s); }).value());
  EXPECT_LT(ask([](Client& c) { return c.lifetime("lasting"); })->left, 0s);
  EXPECT_FALSE(ask([](Client& c) { return c.expire("missing", 5s); }).value());
  EXPECT_FALSE(ask([](Client& c) { return c.lifetime("missing"); })->exists);
  EXPECT_TRUE(test::eventually([&] { return !get("brief"); }));
  EXPECT_FALSE(ask([](Client& c) { return c.exists("brief"); }).value());
  EXPECT_TRUE(ask([](Client& c) { return c.exists("lasting"); }).value());
}

TEST_P(BothStores, ReadsAndRemovesMany) {
  ASSERT_TRUE(set("a", "1"));
  ASSERT_TRUE(set("c", "3"));
  const Texts keys{"a", "b", "c"};
  const auto values = ask([&](Client& c) { return c.getMany(keys); }).value();
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(values[0], "1");
  EXPECT_EQ(values[1], std::nullopt);
  EXPECT_EQ(values[2], "3");
  EXPECT_EQ(ask([&](Client& c) { return c.remove(keys); }).value(), 2);
  EXPECT_EQ(get("a"), std::nullopt);
}

TEST_P(BothStores, CountsAndUnlocks) {
  EXPECT_EQ(ask([](Client& c) { return c.increment("n"); }).value(), 1);
  EXPECT_EQ(ask([](Client& c) { return c.increment("n"); }).value(), 2);
  EXPECT_EQ(get("n"), "2");
  ASSERT_TRUE(set("text", "x"));
  EXPECT_FALSE(ask([](Client& c) { return c.increment("text"); }));
  EXPECT_FALSE(ask([](Client& c) { return c.removeIfEquals("text", "y"); }).value());
  EXPECT_TRUE(ask([](Client& c) { return c.removeIfEquals("text", "x"); }).value());
  EXPECT_EQ(get("text"), std::nullopt);
}

TEST_P(BothStores, ListsKeysByPrefix) {
  Texts expected;
  for (int i = 0; i < 2500; ++i) expected.push_back("apikey-" + std::to_string(i));
  for (const std::string& key : expected) {
    loop_->begin([key](Client& c) { return c.set(key, "x", 0s, SetIf::kAlways); });
  }
  ASSERT_TRUE(set("apikex", "no"));
  ASSERT_TRUE(set("apikez*", "no"));
  ASSERT_TRUE(set("api*x", "yes"));
  Texts found;
  std::string from;
  do {
    KeyPage page = ask([&](Client& c) { return c.scan("apikey-", from); }).value();
    found.insert(found.end(), page.keys.begin(), page.keys.end());
    from = page.next;
  } while (!from.empty());
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(found, expected);
  Texts literal;
  from.clear();
  do {
    KeyPage page = ask([&](Client& c) { return c.scan("api*", from); }).value();
    literal.insert(literal.end(), page.keys.begin(), page.keys.end());
    from = page.next;
  } while (!from.empty());
  EXPECT_EQ(literal, Texts{"api*x"});
}

TEST_P(BothStores, KeepsListsInOrder) {
  const Texts values{"a", "b", "a", "c"};
  EXPECT_EQ(ask([&](Client& c) { return c.push("list", values); }).value(), 4);
  EXPECT_EQ(ask([](Client& c) { return c.range("list", 0, -1); }).value(), values);
  EXPECT_EQ(ask([](Client& c) { return c.range("list", -2, 9); }).value(), (Texts{"a", "c"}));
  EXPECT_EQ(ask([](Client& c) { return c.range("list", 3, 1); }).value(), Texts{});
  EXPECT_EQ(ask([](Client& c) { return c.removeItem("list", "a"); }).value(), 2);
  EXPECT_EQ(ask([](Client& c) { return c.range("list", 0, -1); }).value(), (Texts{"b", "c"}));
  ask([](Client& c) { return c.removeItem("list", "b"); });
  ask([](Client& c) { return c.removeItem("list", "c"); });
  EXPECT_FALSE(ask([](Client& c) { return c.exists("list"); }).value()) << "empty: no key";
}

TEST_P(BothStores, KeepsSets) {
  const Texts members{"x", "y", "x"};
  EXPECT_EQ(ask([&](Client& c) { return c.addMembers("set", members); }).value(), 2);
  Texts found = ask([](Client& c) { return c.members("set"); }).value();
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (Texts{"x", "y"}));
  const Texts gone{"x", "z"};
  EXPECT_EQ(ask([&](Client& c) { return c.removeMembers("set", gone); }).value(), 1);
  EXPECT_EQ(ask([](Client& c) { return c.members("missing"); }).value(), Texts{});
}

TEST_P(BothStores, KeepsSortedSets) {
  const auto add = [&](std::string member, double score) {
    return ask([&](Client& c) { return c.addScored("z", member, score); }).value();
  };
  EXPECT_TRUE(add("late", 300.5));
  EXPECT_TRUE(add("early", 100));
  EXPECT_TRUE(add("b", 200));
  EXPECT_TRUE(add("a", 200));
  EXPECT_FALSE(add("early", 50));
  const auto all = ask([](Client& c) { return c.rangeScored("z", 0, -1); }).value();
  EXPECT_EQ(all, (std::vector<Scored>{{"early", 50}, {"a", 200}, {"b", 200}, {"late", 300.5}}));
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(ask([&](Client& c) { return c.rangeByScore("z", 200, infinite); })->size(), 3U);
  EXPECT_EQ(ask([&](Client& c) { return c.removeByScore("z", -infinite, 200); }).value(), 3);
  const Texts gone{"late"};
  EXPECT_EQ(ask([&](Client& c) { return c.removeScored("z", gone); }).value(), 1);
  EXPECT_FALSE(ask([](Client& c) { return c.exists("z"); }).value());
}

TEST_P(BothStores, KeepsHashes) {
  const Fields fields{{"current", "5"}, {"delay", "30"}};
  EXPECT_TRUE(ask([&](Client& c) { return c.setFields("h", fields, 60s); }).value());
  Fields found = ask([](Client& c) { return c.fields("h"); }).value();
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, fields);
  EXPECT_GT(ask([](Client& c) { return c.lifetime("h"); })->left, 50s);
}

TEST_P(BothStores, RefusesAKeyOfAnotherKind) {
  const Texts one{"x"};
  ASSERT_TRUE(ask([&](Client& c) { return c.push("list", one); }));
  const auto read = ask([](Client& c) { return c.get("list"); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::kBadRequest);
  EXPECT_FALSE(ask([&](Client& c) { return c.addMembers("list", one); }));
  const Texts keys{"list"};
  EXPECT_EQ(ask([&](Client& c) { return c.getMany(keys); }).value().front(), std::nullopt);
  ASSERT_TRUE(set("list", "text"));  // SET replaces a key of any kind
  EXPECT_EQ(get("list"), "text");
}

TEST_P(BothStores, CountsAQuotaAndBlocksAboveIt) {
  for (int i = 1; i <= 3; ++i) {
    const auto step = quota("quota-k", 3, 60s);
    EXPECT_FALSE(step->blocked);
    EXPECT_EQ(step->used, i);
    EXPECT_EQ(step->remaining, 3 - i);
    EXPECT_GT(step->left, 50s);
    EXPECT_LE(step->left, 60s);
  }
  const auto over = quota("quota-k", 3, 60s);
  EXPECT_TRUE(over->blocked);
  EXPECT_EQ(over->remaining, 0);
  const auto peek = ask([](Client& c) { return c.quotaPeek("quota-k"); });
  EXPECT_TRUE(peek->exists);
  EXPECT_EQ(peek->used, 4) << "blocked requests count as well";
  EXPECT_GT(peek->left, 50s);
  const Texts keys{"quota-k"};
  EXPECT_EQ(ask([&](Client& c) { return c.remove(keys); }).value(), 1);
  EXPECT_FALSE(ask([](Client& c) { return c.quotaPeek("quota-k"); })->exists);
  EXPECT_EQ(quota("quota-k", 3, 60s)->used, 1);
}

TEST_P(BothStores, StartsANewPeriodWhenTheOldOneEnds) {
  EXPECT_EQ(quota("quota-k", 1, 1s)->used, 1);
  EXPECT_TRUE(quota("quota-k", 1, 1s)->blocked);
  EXPECT_TRUE(test::eventually([&] { return quota("quota-k", 1, 1s)->used == 1; }));
}

TEST_P(BothStores, AQuotaWithoutARenewalNeverEnds) {
  EXPECT_EQ(quota("quota-k", 5, 0s)->used, 1);
  const auto second = quota("quota-k", 5, 0s);
  EXPECT_EQ(second->used, 2);
  EXPECT_LT(second->left, 0s);
  EXPECT_EQ(quota("quota-k", 5, 60s)->used, 1) << "a counter without an end counts as ended";
}

TEST_P(BothStores, KeepsASlidingLog) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t start = 1'700'000'000 * kSecond;
  const auto step = [&](std::int64_t offset) {
    return ask([&](Client& c) { return c.slidingLog("rate-limit-k", start + offset, 10s, 2); })
        .value();
  };
  EXPECT_EQ(step(0).before, 0);
  const auto second = step(kSecond);
  EXPECT_EQ(second.before, 1);
  EXPECT_EQ(second.remaining, 0);
  const auto third = step(2 * kSecond);
  EXPECT_EQ(third.before, 2) << "blocked, and logged all the same";
  EXPECT_NEAR(static_cast<double>(third.reference_ns - start), 1e9, 1e3)
      << "the second newest, this one included";
  const auto waiting = [&](std::int64_t offset) {
    return ask([&](Client& c) { return c.slidingLogCount("rate-limit-k", start + offset, 10s); })
        .value();
  };
  EXPECT_GE(waiting(2 * kSecond), 2);
  EXPECT_EQ(waiting(2 * kSecond), waiting(2 * kSecond)) << "looking logs nothing";
  EXPECT_EQ(waiting(12 * kSecond + 1000), 0);
  EXPECT_EQ(step(20 * kSecond).before, 0);
}

TEST_P(BothStores, CountsFixedWindows) {
  const std::int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  for (const auto per : {std::chrono::seconds(5), std::chrono::seconds(3600)}) {
    const std::string key = "rate-limit-" + std::to_string(per.count());
    const auto step = [&](std::int64_t at) {
      return ask([&](Client& c) { return c.fixedWindow(key, at, per); }).value();
    };
    const std::int64_t start = fixedWindowStart(now, per);
    EXPECT_EQ(step(start).count, 1);
    EXPECT_EQ(step(start).left, per);
    EXPECT_EQ(step(start + 1000).count, 3);
    EXPECT_EQ(step(start + std::chrono::nanoseconds(per).count()).count, 1);
  }
}

TEST_P(BothStores, RaisesAFlagOnce) {
  EXPECT_FALSE(ask([](Client& c) { return c.flagged("rate-limit-k.BLOCKED"); }).value());
  EXPECT_TRUE(ask([](Client& c) { return c.flag("rate-limit-k.BLOCKED", 60s); }).value());
  EXPECT_FALSE(ask([](Client& c) { return c.flag("rate-limit-k.BLOCKED", 60s); }).value());
  EXPECT_TRUE(ask([](Client& c) { return c.flagged("rate-limit-k.BLOCKED"); }).value());
  const Texts keys{"rate-limit-k.BLOCKED"};
  EXPECT_EQ(ask([&](Client& c) { return c.remove(keys); }).value(), 1);
  EXPECT_FALSE(ask([](Client& c) { return c.flagged("rate-limit-k.BLOCKED"); }).value());
}

TEST_P(BothStores, BringsMessagesToSubscribers) {
  StoreLoop other(backend_->store());
  std::promise<std::string> got;
  std::promise<void> ready;
  std::unique_ptr<Subscription> subscription;
  other.sync([&] {
    subscription = other.client().subscribe(
        "channel", {[&](std::string_view text) { got.set_value(std::string(text)); },
                    [&] { ready.set_value(); }});
  });
  ASSERT_EQ(ready.get_future().wait_for(10s), std::future_status::ready);
  EXPECT_EQ(ask([](Client& c) { return c.publish("other", "no"); }).value(), 0);
  EXPECT_EQ(ask([](Client& c) { return c.publish("channel", "hello"); }).value(), 1);
  auto message = got.get_future();
  ASSERT_EQ(message.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(message.get(), "hello");
  other.sync([&] { subscription.reset(); });
}

TEST_P(BothStores, LoopsOnOneQuotaAdmitExactlyItsMaximum) {
  StoreLoop other(backend_->store());
  constexpr int kEach = 300;
  constexpr int kMax = 400;
  std::vector<std::future<Result<QuotaStep>>> answers;
  for (int i = 0; i < kEach; ++i) {
    const auto step = [](Client& c) { return c.quotaStep("quota-shared", kMax, 600s); };
    answers.push_back(loop_->begin(step));
    answers.push_back(other.begin(step));
  }
  int admitted = 0;
  for (auto& answer : answers) {
    ASSERT_EQ(answer.wait_for(30s), std::future_status::ready);
    const auto step = answer.get();
    ASSERT_TRUE(step) << step.error().message();
    admitted += step->blocked ? 0 : 1;
  }
  EXPECT_EQ(admitted, kMax);
}

INSTANTIATE_TEST_SUITE_P(Stores, BothStores, testing::Bool(), [](const auto& chosen) {
  return chosen.param ? std::string("Redis") : std::string("Embedded");
});

TEST(FixedWindow, CountsFromTheFirstDayOfYearOne) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t now = 1'767'366'245 * kSecond + 5;
  EXPECT_EQ(fixedWindowStart(now, 60s) % (60 * kSecond), 0);
  // 62135596800 + 1767366245 = 63902963045, which is 3 above a multiple of 7.
  EXPECT_EQ(now - fixedWindowStart(now, 7s), (63'902'963'045 % 7) * kSecond + 5);
  EXPECT_EQ(fixedWindowStart(now, 0s), now);
}

}  // namespace
}  // namespace tykpp::storage
