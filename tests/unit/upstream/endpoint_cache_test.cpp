#include "upstream/endpoint_cache.hpp"

#include <gtest/gtest.h>

#include "definition/upstream_trust.hpp"

namespace tykpp::upstream {
namespace {

class EndpointCacheTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Endpoint> get(bool tls, std::string_view authority) {
    auto found = cache_.get(model_, trust_, tls, authority);
    return found ? found->endpoint : nullptr;
  }
  Endpoint model_{{"", 443, true, {}}, 2};
  EndpointCache cache_{3};
  Endpoint::Trust trust_;
};

TEST_F(EndpointCacheTest, ReadsAuthorities) {
  const auto plain = get(false, "Host.example");
  ASSERT_NE(plain, nullptr);
  EXPECT_EQ(plain->key().host, "host.example");
  EXPECT_EQ(plain->key().port, 80);
  EXPECT_EQ(plain->literal(), nullptr);
  EXPECT_EQ(get(true, "host.example")->key().port, 443);
  EXPECT_EQ(get(false, "127.0.0.1:8080")->key().port, 8080);
  EXPECT_NE(get(false, "127.0.0.1:8080")->literal(), nullptr);
  EXPECT_EQ(get(false, "[::1]:81")->key().host, "::1");
  EXPECT_NE(get(false, "[::1]:81")->literal(), nullptr);
  EXPECT_EQ(get(false, "a:")->key().port, 80);
}

TEST_F(EndpointCacheTest, DropsUserDataFromTheHostHeader) {
  const auto found = cache_.get(model_, trust_, false, "user:secret@h:81");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->host_header, "h:81");
  EXPECT_EQ(found->endpoint->key().host, "h");
}

TEST_F(EndpointCacheTest, RefusesWhatIsNone) {
  for (const char* text : {"", ":80", "h:0", "h:65536", "h:x", "h:80:81", "[::1", "[::1]x", "[g]",
                           "a b", "a/b", "a%20b", "user@"}) {
    EXPECT_EQ(get(false, text), nullptr) << text;
  }
  EXPECT_EQ(get(false, std::string(300, 'a')), nullptr);
  EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(EndpointCacheTest, GivesTheSameAgainAndForgetsTheLongestUnused) {
  const auto first = get(false, "a");
  EXPECT_EQ(get(false, "A:80"), first);
  EXPECT_NE(get(true, "a:80"), first);
  get(false, "b");
  EXPECT_EQ(get(false, "a"), first);
  get(false, "c");
  get(false, "d");
  EXPECT_EQ(cache_.size(), 3u);
  EXPECT_EQ(get(false, "a"), first);
}

TEST_F(EndpointCacheTest, GivesEachHostItsCertificateAndKeys) {
  trust_ = std::make_shared<definition::UpstreamTrust>(
      definition::UpstreamTrust{{}, {{"a", "one"}, {"b:81", "two"}}, {}, {{"a", "k"}}});
  const auto first = get(true, "a");
  EXPECT_EQ(first->key().tls_options.client_certificate, "one");
  EXPECT_EQ(first->key().tls_options.pinned_keys, std::vector<std::string>{"k"});
  EXPECT_EQ(get(true, "b:81")->key().tls_options.client_certificate, "two");
  EXPECT_EQ(get(true, "b")->key().tls_options.client_certificate, "");
  EXPECT_EQ(get(true, "a"), first);
  // Another API says something else of the host.
  trust_ = nullptr;
  EXPECT_NE(get(true, "a"), first);
  EXPECT_EQ(get(true, "a")->key().tls_options.client_certificate, "");
}

}  // namespace
}  // namespace tykpp::upstream
