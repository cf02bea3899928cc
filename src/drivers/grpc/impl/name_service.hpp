#pragma once
// Name look-ups of the driver: its threads are started when the first name is asked for.

#include <memory>
#include <mutex>

#include "net/resolver.hpp"

namespace tykpp::drivers::grpc {

/// Thread: any.
class NameService {
 public:
  net::Resolver& get() {
    const std::lock_guard lock(mutex_);
    if (resolver_ == nullptr) {
      net::Resolver::Options options;
      options.threads = 1;
      resolver_ = std::make_unique<net::Resolver>(options);
    }
    return *resolver_;
  }
  /// Waits for the look-up under way. Nothing is asked for any more.
  void stop() {
    const std::lock_guard lock(mutex_);
    resolver_.reset();
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<net::Resolver> resolver_;
};

}  // namespace tykpp::drivers::grpc
