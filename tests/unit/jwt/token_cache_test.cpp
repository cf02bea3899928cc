#include "jwt/token_cache.hpp"

#include <gtest/gtest.h>

namespace tykpp::jwt {
namespace {

Digest digestOf(std::string_view text) {
  Digester digester;
  Digest digest{};
  EXPECT_TRUE(digester.digest(text, digest));
  return digest;
}

TEST(Digester, IsSha256) {
  const Digest digest = digestOf("abc");
  EXPECT_EQ(digest[0], 0xba);
  EXPECT_EQ(digest[31], 0xad);
  EXPECT_EQ(digestOf("abc"), digest);
  EXPECT_NE(digestOf("abd"), digest);
}

TEST(Digester, WithASaltIsAnotherEachTime) {
  Digester one(Digester::Salt::kRandom);
  Digester other(Digester::Salt::kRandom);
  Digest first{};
  Digest again{};
  Digest second{};
  ASSERT_TRUE(one.digest("abc", first) && one.digest("abc", again) && other.digest("abc", second));
  EXPECT_EQ(first, again);
  EXPECT_NE(first, second);
}

TEST(TokenCache, DropsTheLongestUnused) {
  TokenCache<int> cache(2);
  cache.put(digestOf("a"), std::make_shared<const int>(1), 10);
  cache.put(digestOf("b"), std::make_shared<const int>(2), 10);
  ASSERT_NE(cache.find(digestOf("a")), nullptr);
  cache.put(digestOf("c"), std::make_shared<const int>(3), 10);
  EXPECT_EQ(cache.find(digestOf("b")), nullptr);
  ASSERT_NE(cache.find(digestOf("a")), nullptr);
  EXPECT_EQ(**cache.find(digestOf("c")), 3);
  EXPECT_EQ(cache.size(), 2u);
}

TEST(TokenCache, IsBoundedInBytes) {
  TokenCache<int> cache(100, 1000);
  for (int i = 0; i < 50; ++i)
    cache.put(digestOf(std::to_string(i)), std::make_shared<const int>(i), 200);
  EXPECT_LE(cache.size(), 5u);
  EXPECT_GE(cache.size(), 1u);
  cache.put(digestOf("big"), std::make_shared<const int>(0), 5000);
  EXPECT_EQ(cache.find(digestOf("big")), nullptr);
}

TEST(TokenCache, ReplacesWhatItHas) {
  TokenCache<int> cache;
  cache.put(digestOf("a"), std::make_shared<const int>(1), 10);
  cache.put(digestOf("a"), std::make_shared<const int>(2), 10);
  EXPECT_EQ(**cache.find(digestOf("a")), 2);
  EXPECT_EQ(cache.size(), 1u);
  cache.erase(digestOf("a"));
  EXPECT_EQ(cache.find(digestOf("a")), nullptr);
}

}  // namespace
}  // namespace tykpp::jwt
