#include "session/password.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/store_loop.hpp"

namespace tykpp::session {
namespace {

TEST(Password, BcryptIsTheDefaultAndIsWrittenAsTheOriginalDoes) {
  const BasicAuthData kept = hashPassword("open sesame", "").value();
  EXPECT_EQ(kept.hash_type, "bcrypt");
  EXPECT_TRUE(kept.password.starts_with("$2a$10$")) << kept.password;
  EXPECT_EQ(kept.password.size(), 60U);
  EXPECT_NE(hashPassword("open sesame", "bcrypt").value().password, kept.password);
  EXPECT_TRUE(verifyPassword(kept, "open sesame"));
  EXPECT_FALSE(verifyPassword(kept, "open Sesame"));
  EXPECT_FALSE(verifyPassword(kept, ""));
}

TEST(Password, ReadsBcryptOfOthers) {
  // Vectors of the algorithm's author (crypt_blowfish), in three spellings.
  for (const char* letter : {"$2a$", "$2b$", "$2y$"}) {
    const std::string rest = "05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    EXPECT_TRUE(verifyPassword({letter + rest, "bcrypt"}, "U*U")) << letter;
    EXPECT_FALSE(verifyPassword({letter + rest, "bcrypt"}, "U*U*")) << letter;
  }
  // What stands behind 72 bytes never counted.
  const std::string kept = "$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6";
  std::string password(100, 'x');
  std::fill_n(password.begin(), 72, '\xaa');
  EXPECT_TRUE(verifyPassword({kept, "bcrypt"}, password));
}

TEST(Password, BcryptThatIsNoneMatchesNothing) {
  for (const char* kept :
       {"", "plain", "$2a$10$short", "$1$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2a$xx$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}) {
    EXPECT_FALSE(verifyPassword({kept, "bcrypt"}, "U*U")) << kept;
    EXPECT_FALSE(verifyPassword({kept, "bcrypt"}, kept)) << kept;
  }
}

TEST(Password, BcryptDoesNotCutPasswords) {
  EXPECT_TRUE(hashPassword(std::string(72, 'x'), ""));
  EXPECT_EQ(hashPassword(std::string(73, 'x'), "").error().code(), Errc::kBadRequest);
  EXPECT_EQ(hashPassword(std::string_view("a\0b", 3), "").error().code(), Errc::kBadRequest);
  const BasicAuthData kept = hashPassword("a", "").value();
  EXPECT_FALSE(verifyPassword(kept, std::string_view("a\0b", 3)));
}

TEST(Password, OtherFunctions) {
  EXPECT_EQ(hashPassword("hello", "murmur32").value(), (BasicAuthData{"248bfa47", "murmur32"}));
  EXPECT_EQ(hashPassword("hello", "murmur64").value(),
            (BasicAuthData{"cbd8a7b341bd9b02", "murmur64"}));
  for (const char* function : {"murmur32", "murmur64", "murmur128", "sha256"}) {
    const BasicAuthData kept = hashPassword("hello", function).value();
    EXPECT_TRUE(verifyPassword(kept, "hello")) << function;
    EXPECT_FALSE(verifyPassword(kept, "hellO")) << function;
    EXPECT_FALSE(verifyPassword(kept, kept.password)) << function;
    EXPECT_FALSE(isSlow(kept));
  }
}

TEST(Password, PlainAndUnknownForms) {
  EXPECT_TRUE(verifyPassword({"secret", ""}, "secret"));
  EXPECT_FALSE(verifyPassword({"secret", ""}, "secre"));
  EXPECT_FALSE(verifyPassword({"secret", "rot13"}, "secret"));
}

class PoolTest : public testing::Test {
 protected:
  PoolTest() : thread_([this] { loop_.run(); }) {}
  ~PoolTest() override {
    loop_.stop();
    thread_.join();
  }
  template <class T, class Make>
  Result<T> ask(Make make) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto answer = promise->get_future();
    loop_.post([make, promise] { test::fulfil<T>(make(), promise); });
    return answer.get();
  }
  net::Loop loop_;
  std::thread thread_;
};

TEST_F(PoolTest, HashesAndVerifiesBesideTheLoop) {
  PasswordPool pool(1);
  const auto kept = ask<BasicAuthData>([&] { return pool.hash(loop_, "pw", ""); }).value();
  EXPECT_TRUE(isSlow(kept));
  EXPECT_TRUE(ask<bool>([&] { return pool.verify(loop_, kept, "pw"); }).value());
  EXPECT_FALSE(ask<bool>([&] { return pool.verify(loop_, kept, "no"); }).value());
  EXPECT_TRUE(ask<bool>([&] { return pool.verify(loop_, {"x", ""}, "x"); }).value());
}

TEST_F(PoolTest, RefusesWhenTooManyWait) {
  PasswordPool pool(1, 0);
  EXPECT_EQ(ask<BasicAuthData>([&] { return pool.hash(loop_, "pw", ""); }).error().code(),
            Errc::kForbidden);
  EXPECT_TRUE(ask<bool>([&] { return pool.verify(loop_, {"x", ""}, "x"); }).value());
}

}  // namespace
}  // namespace tykpp::session
