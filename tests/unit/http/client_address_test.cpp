#include "http/client_address.hpp"

#include <gtest/gtest.h>

#include "http/exchange.hpp"

namespace tykpp::http {
namespace {

class ClientAddressTest : public ::testing::Test {
 protected:
  ClientAddressTest() { exchange_.peer.address = "192.0.2.7"; }
  std::string_view with(std::string_view name, std::string_view value, int depth = 0) {
    exchange_.request().headers.set(name, value);
    return clientAddress(exchange_, depth);
  }
  BlockPool pool_;
  Arena arena_{pool_};
  Exchange exchange_{arena_, 0, 1};
};

TEST_F(ClientAddressTest, IsTheOtherEndWithoutHeaders) {
  EXPECT_EQ(clientAddress(exchange_, 0), "192.0.2.7");
  EXPECT_EQ(clientAddress(exchange_, 3), "192.0.2.7");
}

TEST_F(ClientAddressTest, TakesTheFirstForwardedEntry) {
  EXPECT_EQ(with("X-Forwarded-For", " 198.51.100.1 , 203.0.113.1"), "198.51.100.1");
  EXPECT_EQ(with("X-Forwarded-For", "nonsense, 198.51.100.1"), "192.0.2.7");
}

TEST_F(ClientAddressTest, CountsFromTheRightByDepth) {
  constexpr std::string_view kList = "10.0.0.1, 10.0.0.2,10.0.0.3";
  EXPECT_EQ(with("X-Forwarded-For", kList, 1), "10.0.0.3");
  EXPECT_EQ(with("X-Forwarded-For", kList, 2), "10.0.0.2");
  EXPECT_EQ(with("X-Forwarded-For", kList, 3), "10.0.0.1");
  EXPECT_EQ(with("X-Forwarded-For", kList, 4), "") << "nobody is there";
  EXPECT_EQ(with("X-Forwarded-For", "10.0.0.1, x", 1), "192.0.2.7");
}

TEST_F(ClientAddressTest, PrefersTheRealAddress) {
  with("X-Forwarded-For", "198.51.100.1");
  EXPECT_EQ(with("X-Real-Ip", "2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(with("X-Real-Ip", "nonsense"), "198.51.100.1");
}

}  // namespace
}  // namespace tykpp::http
