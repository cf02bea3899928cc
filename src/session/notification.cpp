#include "session/notification.hpp"

#include <nlohmann/json.hpp>

#include "base/ascii.hpp"
#include "session/key_hash.hpp"

namespace tykpp::session {
namespace {

/// The number that stands for SHA-256 in messages.
constexpr int kSha256 = 5;

std::string signatureOf(std::string_view command, std::string_view payload,
                        std::string_view secret) {
  std::string text;
  text.reserve(command.size() + payload.size() + secret.size());
  text.append(command).append(payload).append(secret);
  return hashText(text, HashAlgorithm::kSha256);
}

std::string textMember(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string notificationText(std::string_view command, std::string_view payload,
                             std::string_view secret) {
  const nlohmann::ordered_json message{{"command", command},
                                       {"payload", payload},
                                       {"signature", signatureOf(command, payload, secret)},
                                       {"algorithm", kSha256}};
  return message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<Notification> parseNotification(std::string_view text) {
  const nlohmann::json message = nlohmann::json::parse(text, nullptr, false);
  if (!message.is_object()) return std::nullopt;
  Notification notification{textMember(message, "command"), textMember(message, "payload"),
                            textMember(message, "signature"), 0};
  if (const auto found = message.find("algorithm");
      found != message.end() && found->is_number_integer()) {
    notification.algorithm = found->get<int>();
  }
  if (notification.command.empty()) return std::nullopt;
  return notification;
}

bool signedWith(const Notification& notification, std::string_view secret) {
  return notification.algorithm == kSha256 &&
         equalsConstantTime(notification.signature,
                            signatureOf(notification.command, notification.payload, secret));
}

}  // namespace tykpp::session
