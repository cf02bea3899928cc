// Addresses of plugin servers.

#include <gtest/gtest.h>

#include "drivers/grpc/impl/target.hpp"

namespace tykpp::drivers::grpc {
namespace {

std::string uri(std::string_view address) {
  const auto target = parseTarget(address);
  return target ? target->uri : "error";
}

TEST(GrpcTarget, TheFormsOfOneAddress) {
  EXPECT_EQ(uri("tcp://localhost:5555"), "dns:///localhost:5555");
  EXPECT_EQ(uri("127.0.0.1:5555"), "dns:///127.0.0.1:5555");
  EXPECT_EQ(uri("tcp://[::1]:5555"), "dns:///[::1]:5555");
  EXPECT_EQ(uri("dns:///plugins.svc:5555"), "dns:///plugins.svc:5555");
  EXPECT_EQ(uri("unix:///run/plugins.sock"), "unix:///run/plugins.sock");
  EXPECT_EQ(uri("unix:plugins.sock"), "unix:plugins.sock");
}

TEST(GrpcTarget, TlsIsAskedForByTheScheme) {
  const auto target = parseTarget("tls://plugins.example:443");
  ASSERT_TRUE(target);
  EXPECT_TRUE(target->tls);
  EXPECT_EQ(target->uri, "dns:///plugins.example:443");
  EXPECT_FALSE(parseTarget("tcp://plugins.example:443")->tls);
}

TEST(GrpcTarget, SeveralAddressesAreOfOneFamily) {
  EXPECT_EQ(uri("tcp://10.0.0.1:1,10.0.0.2:2"), "ipv4:10.0.0.1:1,10.0.0.2:2");
  EXPECT_EQ(uri("tls://[::1]:1,[::2]:2"), "ipv6:[::1]:1,[::2]:2");
  EXPECT_TRUE(parseTarget("tls://[::1]:1,[::2]:2")->tls);
  EXPECT_TRUE(parseTarget("10.0.0.1:1,10.0.0.2:2")->several);
  EXPECT_EQ(uri("tcp://10.0.0.1:1,[::1]:2"), "error");
  EXPECT_EQ(uri("tcp://one:1,two:2"), "error");
}

TEST(GrpcTarget, WhatIsNoAddressIsRefused) {
  for (const char* address :
       {"", "tcp://", "tcp://host", "tcp://host:", "tcp://host:0", "tcp://host:65536",
        "tcp://:5555", "tcp://ho st:1", "http://host:1", "dns://8.8.8.8/host:1",
        "unix:", "unix://relative", "tcp://10.0.0.1:1,", "tcp://,10.0.0.1:1", "tcp://[nonsense]:1",
        "tcp://host:1/path"}) {
    EXPECT_EQ(uri(address), "error") << address;
  }
}

}  // namespace
}  // namespace tykpp::drivers::grpc
