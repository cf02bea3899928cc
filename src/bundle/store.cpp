#include "bundle/store.hpp"

#include <mutex>
#include <utility>

#include "bundle/impl/downloads.hpp"
#include "bundle/impl/finder.hpp"
#include "bundle/impl/folder.hpp"
#include "bundle/impl/settings.hpp"
#include "bundle/impl/side_thread.hpp"

namespace tykpp::bundle {

/// The order is the order of destruction: the thread goes first, then what its jobs use.
class Store::State {
 public:
  State(const definition::GatewayConfig& config, client::HttpClient& client, Pace pace)
      : settings(config),
        finder(settings, disk),
        mailbox(std::make_shared<Mailbox>()),
        downloads(settings, client, pace, disk, mailbox),
        thread(mailbox) {
    removeLeftovers(settings);
  }

  const Settings settings;
  std::mutex disk;
  Finder finder;
  std::shared_ptr<Mailbox> mailbox;
  Downloads downloads;
  SideThread thread;
};

Store::Store(const definition::GatewayConfig& config, client::HttpClient& client, Pace pace)
    : state_(std::make_unique<State>(config, client, pace)) {}

Store::~Store() = default;

Result<Found> Store::find(const std::string& name) {
  auto found = state_->finder.find(name);
  if (found) found->last_failure = state_->downloads.failureOf(name);
  return found;
}

void Store::fetch(const std::string& name, Done done) {
  state_->downloads.fetch(name, std::move(done));
}

Result<void> Store::rollback(const std::string& name) { return state_->finder.rollback(name); }

void Store::keepOnly(const std::set<std::string>& names) {
  state_->finder.keepOnly(names);
  state_->downloads.keepOnly(names);
}

}  // namespace tykpp::bundle
