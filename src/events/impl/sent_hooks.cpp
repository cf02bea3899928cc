#include "events/impl/sent_hooks.hpp"

#include "base/log.hpp"

namespace tykpp::events {

bool SentHooks::claim(const std::string& key) {
  const std::lock_guard lock(mutex_);
  return claimed_.insert(key).second;
}

void SentHooks::release(const std::string& key) {
  const std::lock_guard lock(mutex_);
  claimed_.erase(key);
}

void SentHooks::once(const std::string& digest, std::chrono::seconds cooldown,
                     std::function<void()> send) {
  const std::string key = "webhook.cache." + digest;
  if (!claim(key)) return;  // an equal one is on its way
  auto looked = [self = shared_from_this(), key, cooldown,
                 send = std::move(send)](const Result<std::string>& found) {
    if (found) return self->release(key);
    if (found.error().code() != Errc::kNotFound) {
      TYKPP_LOG(warn, "events", "what web hooks were called is not known: {}",
                found.error().message());
    }
    self->store_.set(key, "1", cooldown,
                     [self, key](const Result<std::string>&) { self->release(key); });
    send();
  };
  store_.get(key, std::move(looked));
}

}  // namespace tykpp::events
