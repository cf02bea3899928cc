// Addresses of plugin servers.

#include <gtest/gtest.h>

#include "drivers/grpc/impl/target.hpp"

namespace tykpp::drivers::grpc {
namespace {

/// `host:port` of each, or the socket's path.
std::string places(std::string_view address) {
  const auto target = parseTarget(address);
  if (!target) return "error";
  std::string text = target->unix_path;
  for (const HostPort& host : target->hosts) text += (text.empty() ? "" : " ") + host.text();
  return text;
}

TEST(GrpcTarget, TheFormsOfOneAddress) {
  EXPECT_EQ(places("tcp://localhost:5555"), "localhost:5555");
  EXPECT_EQ(places("127.0.0.1:5555"), "127.0.0.1:5555");
  EXPECT_EQ(places("tcp://[::1]:5555"), "[::1]:5555");
  EXPECT_EQ(places("dns:///plugins.svc:5555"), "plugins.svc:5555");
  EXPECT_EQ(places("unix:///run/plugins.sock"), "/run/plugins.sock");
  EXPECT_EQ(places("unix:plugins.sock"), "plugins.sock");
}

TEST(GrpcTarget, TlsIsAskedForByTheScheme) {
  const auto target = parseTarget("tls://plugins.example:443");
  ASSERT_TRUE(target);
  EXPECT_TRUE(target->tls);
  EXPECT_EQ(target->hosts.at(0).host, "plugins.example");
  EXPECT_FALSE(parseTarget("tcp://plugins.example:443")->tls);
}

TEST(GrpcTarget, SeveralAddressesHaveNoNames) {
  EXPECT_EQ(places("tcp://10.0.0.1:1,10.0.0.2:2"), "10.0.0.1:1 10.0.0.2:2");
  EXPECT_EQ(places("tls://[::1]:1,[::2]:2"), "[::1]:1 [::2]:2");
  EXPECT_EQ(places("tcp://10.0.0.1:1,[::1]:2"), "10.0.0.1:1 [::1]:2");
  EXPECT_TRUE(parseTarget("tls://[::1]:1,[::2]:2")->tls);
  EXPECT_TRUE(parseTarget("10.0.0.1:1,10.0.0.2:2")->several());
  EXPECT_FALSE(parseTarget("10.0.0.1:1")->several());
  EXPECT_EQ(places("tcp://one:1,two:2"), "error");
}

TEST(GrpcTarget, WhatIsNoAddressIsRefused) {
  for (const char* address :
       {"", "tcp://", "tcp://host", "tcp://host:", "tcp://host:0", "tcp://host:65536",
        "tcp://:5555", "tcp://ho st:1", "http://host:1", "dns://8.8.8.8/host:1",
        "unix:", "unix://relative", "tcp://10.0.0.1:1,", "tcp://,10.0.0.1:1", "tcp://[nonsense]:1",
        "tcp://host:1/path"}) {
    EXPECT_EQ(places(address), "error") << address;
  }
  EXPECT_EQ(places("unix:" + std::string(200, 'p')), "error") << "longer than any socket's path";
}

}  // namespace
}  // namespace tykpp::drivers::grpc
