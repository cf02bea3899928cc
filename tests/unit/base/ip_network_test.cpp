#include "base/ip_network.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tykpp {
namespace {

bool contains(std::string_view network, std::string_view address) {
  const auto parsed = IpNetwork::parse(network);
  const auto asked = IpAddress::parse(address);
  return parsed && asked && parsed->contains(*asked);
}

TEST(IpAddress, TellsAddressesFromOtherText) {
  for (const char* good : {"10.0.0.1", "::1", "2001:db8::7", "::ffff:10.0.0.1"}) {
    EXPECT_TRUE(IpAddress::parse(good)) << good;
  }
  for (const char* bad : {"", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1 ", "host", "[::1]",
                          "fe80::1%eth0", "10.0.0.1/8", ":::"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("10.0.0.1\0", 9)));
  EXPECT_FALSE(IpAddress::parse(std::string(300, '1')));
}

TEST(IpAddress, KnowsIpv4InsideIpv6) {
  EXPECT_EQ(IpAddress::parse("::ffff:10.0.0.1"), IpAddress::parse("10.0.0.1"));
  EXPECT_FALSE(IpAddress::parse("::1")->isV4());
}

TEST(IpNetwork, HoldsTheAddressesOfItsPrefix) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.1.2"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(contains("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("10.1.2.3/8", "10.1.2.3")) << "the address before the slash is in it";
}

TEST(IpNetwork, OfOneAddressHoldsThatOne) {
  EXPECT_TRUE(contains("10.1.2.3", "10.1.2.3"));
  EXPECT_FALSE(contains("10.1.2.3", "10.1.2.4"));
  EXPECT_TRUE(contains("::1", "0:0:0:0:0:0:0:1"));
}

TEST(IpNetwork, KeepsTheFamiliesApart) {
  EXPECT_FALSE(contains("::/0", "10.0.0.1"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.2.3.4"));
}

TEST(IpNetwork, IsNothingForOtherText) {
  for (const char* bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1",
                          "10.0.0.0/8 ", "10.0.0.0/8/8", "10.0.0.0/a", "nonsense"}) {
    EXPECT_FALSE(IpNetwork::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace tykpp
