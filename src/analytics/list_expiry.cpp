#include "analytics/list_expiry.hpp"

#include <utility>

#include "analytics/record_buffer.hpp"

namespace tykpp::analytics {

ListExpiry::ListExpiry(net::Loop& loop, std::unique_ptr<storage::KeyStoreClient> client,
                       const definition::AnalyticsConfig& config)
    : loop_(loop),
      lifetime_(config.storage_expiration_time),
      // Lists of protobuf records live until they are collected, as in the reference.
      looks_(config.storage_expiration_time > 0 && !config.protobuf()),
      names_(listNames(config)),
      timer_(loop_.io()),
      client_(std::move(client)) {
  if (looks_) wait();
}

ListExpiry::~ListExpiry() = default;

void ListExpiry::wait() {
  timer_.expires_after(std::chrono::seconds(1));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look();
  });
}

net::Detached ListExpiry::look() {
  looking_ = true;
  for (const std::string& name : names_) {
    const Result<storage::Lifetime> life = co_await client_->lifetime(name);
    if (!life) {
      if (life.error().code() == Errc::kShuttingDown) co_return;
      break;  // the store is down, as others have told
    }
    if (!life->exists || life->left.count() >= 0) continue;
    const Result<bool> set = co_await client_->expire(name, lifetime_);
    if (!set && set.error().code() == Errc::kShuttingDown) co_return;
  }
  looking_ = false;
  if (finished_) {
    std::exchange(finished_, nullptr)();
  } else {
    wait();
  }
}

void ListExpiry::finish(std::function<void()> done) {
  timer_.cancel();
  if (!looks_) return done();
  finished_ = std::move(done);
  if (!looking_) look();
}

}  // namespace tykpp::analytics
