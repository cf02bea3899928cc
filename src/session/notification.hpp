#pragma once
// Messages between gateways on one store (spec: channel tyk.cluster.notifications): what is told,
// signed with the secret that the nodes share.

#include <optional>
#include <string>
#include <string_view>

namespace tykpp::session {

inline constexpr std::string_view kNotificationChannel = "tyk.cluster.notifications";

/// Names of commands that this gateway sends or follows.
namespace command {
inline constexpr std::string_view kGroupReload = "GroupReload";
inline constexpr std::string_view kKeySpaceUpdate = "KeySpaceUpdateNotification";
inline constexpr std::string_view kLimiterNode = "NoticeGatewayDRLNotification";
inline constexpr std::string_view kPurgeTokens = "OAuthPurgeLapsedTokens";
}  // namespace command

/// One message.
struct Notification {
  std::string command;
  std::string payload;
  std::string signature;
  int algorithm = 0;  ///< 5: SHA-256 over command, payload and secret
};

/// The message's text, signed. Source of the secret: `node_secret`.
std::string notificationText(std::string_view command, std::string_view payload,
                             std::string_view secret);
/// @return nothing when the text is no message
std::optional<Notification> parseNotification(std::string_view text);
/// Whether a node that knows the secret sent it. Constant time.
bool signedWith(const Notification& notification, std::string_view secret);

}  // namespace tykpp::session
