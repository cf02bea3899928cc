#include "session/session_cache.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tykpp::session {
namespace {

using std::chrono::seconds;

constexpr Clock::time_point kCacheStart{seconds(1000)};

std::shared_ptr<SessionEntry> entryOf(const std::string& key, const char* json = "{}",
                                      std::size_t bytes = 100) {
  auto data = SessionData::parse(json);
  EXPECT_TRUE(data) << json;
  return std::make_shared<SessionEntry>(key, "token-" + key, *data, bytes);
}

TEST(SessionCache, KeepsASessionForItsTime) {
  SessionCache cache;
  const auto entry = entryOf("k");
  EXPECT_TRUE(cache.put(entry, "raw", cache.ticket(), kCacheStart));
  EXPECT_EQ(cache.find("k", kCacheStart + seconds(9)), entry);
  EXPECT_EQ(cache.findAlias("raw", kCacheStart + seconds(9)), entry);
  EXPECT_EQ(cache.find("raw", kCacheStart), nullptr);
  EXPECT_EQ(cache.find("k", kCacheStart + seconds(10)), nullptr);
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.bytes(), 0U);
  EXPECT_EQ(cache.findAlias("raw", kCacheStart), nullptr);
}

TEST(SessionCache, ReplacesAnOlderOne) {
  SessionCache cache;
  cache.put(entryOf("k"), "a", cache.ticket(), kCacheStart);
  const auto newer = entryOf("k");
  cache.put(newer, "b", cache.ticket(), kCacheStart + seconds(1));
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(cache.find("k", kCacheStart + seconds(10)), newer);
  EXPECT_EQ(cache.findAlias("a", kCacheStart), nullptr);
  const auto other = entryOf("l");
  cache.put(other, "b", cache.ticket(), kCacheStart + seconds(1));
  EXPECT_EQ(cache.findAlias("b", kCacheStart + seconds(2)), other);
}

TEST(SessionCache, DropsWhatChanged) {
  SessionCache cache;
  cache.put(entryOf("k"), "a", cache.ticket(), kCacheStart);
  cache.put(entryOf("l"), "", cache.ticket(), kCacheStart);
  cache.invalidate("k");
  EXPECT_EQ(cache.find("k", kCacheStart), nullptr);
  EXPECT_EQ(cache.findAlias("a", kCacheStart), nullptr);
  EXPECT_NE(cache.find("l", kCacheStart), nullptr);
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.find("l", kCacheStart), nullptr);
}

TEST(SessionCache, RefusesWhatChangedWhileItWasFetched) {
  SessionCache cache;
  const auto before = cache.ticket();
  cache.invalidate("k");
  EXPECT_FALSE(cache.put(entryOf("k"), "", before, kCacheStart));
  EXPECT_TRUE(cache.put(entryOf("l"), "", before, kCacheStart));
  EXPECT_TRUE(cache.put(entryOf("k"), "", cache.ticket(), kCacheStart));
  for (int i = 0; i < 257; ++i) cache.invalidate("x" + std::to_string(i));
  EXPECT_FALSE(cache.put(entryOf("m"), "", before, kCacheStart));
  const auto later = cache.ticket();
  cache.clear();
  EXPECT_FALSE(cache.put(entryOf("m"), "", later, kCacheStart));
  EXPECT_TRUE(cache.put(entryOf("m"), "", cache.ticket(), kCacheStart));
}

TEST(SessionCache, BoundsNumberAndBytes) {
  SessionCache few({.most_entries = 3});
  for (const char* key : {"a", "b", "c", "d"}) few.put(entryOf(key), "", few.ticket(), kCacheStart);
  EXPECT_EQ(few.size(), 3U);
  EXPECT_EQ(few.find("a", kCacheStart), nullptr);
  EXPECT_NE(few.find("d", kCacheStart), nullptr);

  SessionCache small({.most_bytes = 100'000});
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(small.put(entryOf(std::to_string(i), "{}", 1000), "", small.ticket(), kCacheStart));
    EXPECT_LE(small.bytes(), 100'000U);
  }
  EXPECT_GT(small.size(), 5U);
  EXPECT_FALSE(small.put(entryOf("huge", "{}", 50'000), "", small.ticket(), kCacheStart));
}

TEST(SessionCache, KeepsNothingWithoutALifetime) {
  SessionCache cache({.lifetime = Clock::duration::zero()});
  EXPECT_FALSE(cache.put(entryOf("k"), "", cache.ticket(), kCacheStart));
  EXPECT_EQ(cache.find("k", kCacheStart), nullptr);
}

PolicySet oneRate(double rate) {
  Policy policy;
  policy.id = "p";
  policy.org_id = "o";
  policy.limit.rate = {rate, 1, {}};
  policy.access_rights.emplace()["a"].versions = {"v"};
  PolicySet::Entries entries;
  entries["p"] = {policy, "file"};
  return PolicySet(std::move(entries));
}

TEST(SessionEntry, AppliesPoliciesOncePerSetAndOrganisation) {
  const auto entry = entryOf("k", R"({"rate":9,"per":1,"apply_policies":["p"]})");
  const PolicySet first = oneRate(5);
  const auto applied = entry->applied(first, "o");
  ASSERT_TRUE(applied);
  EXPECT_EQ((*applied)->data().limitFor("a").rate.rate, 5);
  EXPECT_EQ((*applied)->token(), "token-k");
  EXPECT_EQ(entry->applied(first, "o").value(), *applied);
  EXPECT_EQ(entry->stored().limit.rate.rate, 9);

  EXPECT_EQ(entry->applied(oneRate(6), "o").value()->data().limitFor("a").rate.rate, 6);
  const auto& foreign = entry->applied(first, "elsewhere");
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code(), Errc::kForbidden);
  EXPECT_TRUE(entry->applied(first, "o"));
}

TEST(SessionEntry, KeepsPlansAsLongAsTheSessionTheyAreOf) {
  const auto entry = entryOf("k", R"({"apply_policies":["p"]})");
  const PolicySet first = oneRate(5);
  ASSERT_TRUE(entry->applied(first, "o"));
  const PlanContext context{.api_id = "a", .key = "k", .matching = {}, .hash = nullptr};
  const auto plan = entry->plan(1, context);
  EXPECT_EQ(plan->rateFor("GET", "/").limit.rate, 5);
  ASSERT_TRUE(entry->applied(first, "o"));
  EXPECT_EQ(entry->plan(1, context), plan);
  EXPECT_NE(entry->plan(2, context), plan);
  ASSERT_TRUE(entry->applied(oneRate(6), "o"));
  EXPECT_EQ(entry->plan(1, context)->rateFor("GET", "/").limit.rate, 6);
  EXPECT_EQ(plan->rateFor("GET", "/").limit.rate, 5);
}

}  // namespace
}  // namespace tykpp::session
