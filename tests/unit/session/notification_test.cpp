#include "session/notification.hpp"

#include <gtest/gtest.h>

namespace tykpp::session {
namespace {

constexpr std::string_view kSecret = "352d20ee67be67f6340b4c0605b044b7";

TEST(Notification, IsSignedAsOtherGatewaysSignIt) {
  const std::string text = notificationText("GroupReload", "", kSecret);
  EXPECT_EQ(text,
            R"({"command":"GroupReload","payload":"","signature":)"
            R"("95984d24888960e2cb55c1358a67872b45946c1a0eeccee16d681baf2396fc02","algorithm":5})");
  const auto read = parseNotification(text);
  ASSERT_TRUE(read);
  EXPECT_TRUE(signedWith(*read, kSecret));
  EXPECT_FALSE(signedWith(*read, "another"));
}

TEST(Notification, IsNotTrustedWhenItWasChanged) {
  auto read = parseNotification(notificationText("KeySpaceUpdateNotification", "a,b", kSecret));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->payload, "a,b");
  auto changed = *read;
  changed.payload = "a,c";
  EXPECT_FALSE(signedWith(changed, kSecret));
  changed = *read;
  changed.algorithm = 4;
  EXPECT_FALSE(signedWith(changed, kSecret));
  changed = *read;
  changed.signature.clear();
  EXPECT_FALSE(signedWith(changed, kSecret));
}

TEST(Notification, IsNoneWhenTheTextIsNoMessage) {
  EXPECT_FALSE(parseNotification(""));
  EXPECT_FALSE(parseNotification("[]"));
  EXPECT_FALSE(parseNotification(R"({"payload":"x"})"));
  EXPECT_FALSE(parseNotification(R"({"command":1})"));
}

}  // namespace
}  // namespace tykpp::session
