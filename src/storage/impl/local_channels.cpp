#include "storage/impl/local_channels.hpp"

#include <utility>

namespace tykpp::storage {

class LocalChannels::Handle final : public Subscription {
 public:
  Handle(std::shared_ptr<LocalChannels> channels, std::shared_ptr<Listener> listener)
      : channels_(std::move(channels)), listener_(std::move(listener)) {}
  ~Handle() override {
    listener_->gone = true;
    const std::lock_guard lock(channels_->mutex_);
    channels_->listeners_.remove(listener_);
  }

 private:
  std::shared_ptr<LocalChannels> channels_;
  std::shared_ptr<Listener> listener_;
};

std::int64_t LocalChannels::publish(std::string_view channel, std::string_view message) {
  const auto text = std::make_shared<const std::string>(message);
  std::int64_t count = 0;
  const std::lock_guard lock(mutex_);
  for (const auto& listener : listeners_) {
    if (listener->channel != channel) continue;
    ++count;
    listener->loop.post([listener, text] {
      if (!listener->gone) listener->subscriber.message(*text);
    });
  }
  return count;
}

std::unique_ptr<Subscription> LocalChannels::subscribe(const std::shared_ptr<LocalChannels>& self,
                                                       net::Loop& loop, std::string channel,
                                                       Subscriber subscriber) {
  auto listener =
      std::make_shared<Listener>(Listener{loop, std::move(channel), std::move(subscriber)});
  {
    const std::lock_guard lock(self->mutex_);
    self->listeners_.push_back(listener);
  }
  loop.post([listener] {
    if (!listener->gone && listener->subscriber.ready) listener->subscriber.ready();
  });
  return std::make_unique<Handle>(self, std::move(listener));
}

}  // namespace tykpp::storage
