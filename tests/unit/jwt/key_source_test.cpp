#include "jwt/key_source.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "common/http_server.hpp"
#include "net/loop.hpp"

namespace tykpp::jwt {
namespace {

constexpr const char* kSet =
    R"({"keys":[{"kty":"oct","kid":"one","k":"c2VjcmV0"},{"kty":"unknown"}]})";

class KeySourceTest : public ::testing::Test {
 protected:
  KeySourceTest() : loop_thread_([this] { loop_.run(); }) {}
  ~KeySourceTest() override {
    loop_.stop();
    loop_thread_.join();
  }
  static net::Detached awaited(net::Task<void> task, std::promise<void>& done) {
    co_await task;
    done.set_value();
  }
  template <class Start>
  void wait(Start start) {
    std::promise<void> done;
    loop_.post([&] { awaited(start(), done); });
    done.get_future().wait();
  }
  void refresh(KeySource& source) {
    wait([&] { return source.refresh(loop_); });
  }
  void refetch(KeySource& source) {
    wait([&] { return source.refetch(loop_); });
  }

  test::ScratchFolder folder_;
  client::HttpClient client_;
  net::Loop loop_;
  std::thread loop_thread_;
  KeySets sets_{client_, std::chrono::seconds(240), false};
};

TEST_F(KeySourceTest, HasNothingWhereNobodyAnswers) {
  const auto source = sets_.source("api", "http://127.0.0.1:1/jwks.json", std::nullopt);
  refresh(*source);
  EXPECT_EQ(source->keys(), nullptr);
  EXPECT_FALSE(source->fresh(Clock::now()));
  refresh(*source);  // answered at once: the issuer is left alone for a time
  EXPECT_EQ(source->keys(), nullptr);
}

TEST_F(KeySourceTest, IsOneForAnApiAndUrl) {
  const std::string url = "http://127.0.0.1:1/";
  const auto source = sets_.source("api", url, std::nullopt);
  EXPECT_EQ(sets_.source("api", url, std::chrono::seconds(5)), source);
  EXPECT_NE(sets_.source("other", url, std::nullopt), source);
  EXPECT_NE(sets_.source("api", url + "x", std::nullopt), source);
}

TEST(KeySetText, IsReadEntryByEntry) {
  const auto set = KeySet::parse(kSet);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->size(), 1u);
  EXPECT_EQ(set->skipped(), 1u);
  EXPECT_TRUE(set->has("one"));
  EXPECT_FALSE(set->has(""));
  for (const char* text : {"", "[]", "7", "{}", R"({"keys":{}})", "{\"keys\":[", "\xff"})
    EXPECT_FALSE(KeySet::parse(text)) << text;
  EXPECT_EQ(KeySet::parse(R"({"keys":[7,null,[],{}]})")->skipped(), 4u);
}

TEST(Jwk, SaysWhatItIsFor) {
  const auto fits = [](const std::string& more, Algorithm algorithm) {
    const auto set =
        KeySet::parse(R"({"keys":[{"kid":"k","kty":"oct","k":"c2VjcmV0")" + more + "}]}");
    return set->anyNamed("k", [algorithm](const Key& key) { return key.fits(algorithm); });
  };
  EXPECT_TRUE(fits("", Algorithm::kHs384));
  EXPECT_FALSE(fits("", Algorithm::kRs256));
  EXPECT_TRUE(fits(R"(,"alg":"HS256")", Algorithm::kHs256));
  EXPECT_FALSE(fits(R"(,"alg":"HS256")", Algorithm::kHs384));
  EXPECT_FALSE(fits(R"(,"use":"enc")", Algorithm::kHs256));
  EXPECT_FALSE(fits(R"(,"key_ops":["sign"])", Algorithm::kHs256));
  EXPECT_TRUE(fits(R"(,"key_ops":["sign","verify"],"use":"sig")", Algorithm::kHs256));
}

}  // namespace
}  // namespace tykpp::jwt
