#pragma once
// Messages between the loops of this process.

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "net/loop.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::storage {

/// Thread: any; each subscriber is called on its own loop. Outlived by no subscription's loop.
class LocalChannels {
 public:
  /// @return how many subscribers will be called
  std::int64_t publish(std::string_view channel, std::string_view message);
  static std::unique_ptr<Subscription> subscribe(const std::shared_ptr<LocalChannels>& self,
                                                 net::Loop& loop, std::string channel,
                                                 Subscriber subscriber);

 private:
  struct Listener {
    net::Loop& loop;
    std::string channel;
    Subscriber subscriber;
    bool gone = false;  // the loop's thread alone
  };
  class Handle;
  std::mutex mutex_;
  std::list<std::shared_ptr<Listener>> listeners_;
};

}  // namespace tykpp::storage
