#include "gateway/cluster_channel.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/log.hpp"

namespace tykpp::gateway {
namespace {

constexpr std::array<std::string_view, 5> kReloads{"ApiUpdated", "ApiRemoved", "ApiAdded",
                                                   "PolicyChanged", session::command::kGroupReload};
/// Sent by other products of the family; they ask nothing of a gateway.
constexpr std::array<std::string_view, 6> kPassedOver{"UserKeyReset",
                                                      "NoticeConfigUpdated",
                                                      "NoticeDashboardZeroConf",
                                                      "NoticeDashboardConfigRequest",
                                                      "NoticeGatewayConfigResponse",
                                                      "ClientIdPChanged"};

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

ClusterChannel::ClusterChannel(storage::KeyStoreClient& client,
                               const definition::GatewayConfig& config, Actions actions)
    : client_(client), config_(config), actions_(std::move(actions)) {
  if (config.identity.cluster.suppress_redis_signal_reload) return;
  storage::Subscriber subscriber;
  subscriber.message = [this](std::string_view text) { receive(text); };
  subscriber.ready = actions_.joined;
  subscription_ =
      client_.subscribe(std::string(session::kNotificationChannel), std::move(subscriber));
}

bool ClusterChannel::trusted(const session::Notification& notification) const {
  const definition::ClusterConfig& cluster = config_.identity.cluster;
  return cluster.allow_insecure_configs || session::signedWith(notification, cluster.node_secret);
}

void ClusterChannel::receive(std::string_view text) {
  const auto notification = session::parseNotification(text);
  if (!notification || among(kPassedOver, notification->command)) return;
  if (!trusted(*notification)) {
    TYKPP_LOG(err, "pub-sub", "Payload signature is invalid! command={}",
              log::quoted(std::string_view(notification->command).substr(0, 60)));
    return;
  }
  if (among(kReloads, notification->command)) {
    actions_.reload();
  } else if (notification->command == session::command::kKeySpaceUpdate) {
    forEachListElement(notification->payload, [this](std::string_view entry) {
      // What follows a colon is for multi data centre installations.
      actions_.session_changed(entry.substr(0, entry.find(':')));
    });
  } else if (!actions_.other || !actions_.other(*notification)) {
    TYKPP_LOG(warn, "pub-sub", "Unknown notification command: {}",
              log::quoted(std::string_view(notification->command).substr(0, 60)));
  }
}

void ClusterChannel::tell(std::string_view command, std::string_view payload) {
  publish(session::notificationText(command, payload, config_.identity.cluster.node_secret));
}

net::Detached ClusterChannel::publish(std::string text) {
  const Result<std::int64_t> told = co_await client_.publish(session::kNotificationChannel, text);
  if (!told && told.error().code() != Errc::kShuttingDown) {
    TYKPP_LOG(warn, "pub-sub", "other gateways cannot be told: {}", told.error().message());
  }
}

}  // namespace tykpp::gateway
