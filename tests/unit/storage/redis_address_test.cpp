#include "storage/redis_address.hpp"

#include <gtest/gtest.h>

namespace tykpp::storage {
namespace {

TEST(RedisAddress, GreetsWithWhatIsConfiguredAlone) {
  RedisAddress address;
  EXPECT_TRUE(greeting(address).empty());
  address.database = 3;
  address.password = "secret";
  EXPECT_EQ(greeting(address), (std::vector<RedisCommand>{{"AUTH", "secret"}, {"SELECT", "3"}}));
  address.username = "ann";
  EXPECT_EQ(greeting(address).front(), (RedisCommand{"AUTH", "ann", "secret"}));
}

}  // namespace
}  // namespace tykpp::storage
