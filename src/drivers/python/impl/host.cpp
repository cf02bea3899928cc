#include "drivers/python/impl/host.hpp"

#include <condition_variable>
#include <memory>
#include <optional>

namespace tykpp::drivers::python {
namespace {

constexpr std::chrono::seconds kStorageWait{1};

/// An answer of the storage that comes on another thread, or too late.
class Pending {
 public:
  static WorkerServices::Stored into(const std::shared_ptr<Pending>& pending) {
    return [pending](Result<std::string> answer) {
      const std::lock_guard lock(pending->mutex_);
      pending->answer_ = std::move(answer);
      pending->ready_.notify_one();
    };
  }
  Result<std::string> wait() {
    std::unique_lock lock(mutex_);
    if (!ready_.wait_for(lock, kStorageWait, [this] { return answer_.has_value(); })) {
      return Error(Errc::kTimeout, "the storage did not answer within a second");
    }
    return std::move(*answer_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::optional<Result<std::string>> answer_;
};

Error gone() { return Error(Errc::kShuttingDown, "the gateway is going down"); }

}  // namespace

Host& Host::get() {
  static Host* const host = new Host;  // plugins' threads may outlive every static object
  return *host;
}

void Host::open(WorkerServices& services, Trigger trigger) {
  const std::lock_guard lock(mutex_);
  services_ = &services;
  open_ = true;
  trigger_ = std::move(trigger);
}

void Host::close(const WorkerServices& services) {
  const std::lock_guard lock(mutex_);
  if (services_ != &services) return;
  services_ = nullptr;
  open_ = false;
  trigger_ = nullptr;
}

void Host::post(std::uint32_t worker, std::function<void()> fn) {
  const std::lock_guard lock(mutex_);
  if (services_ != nullptr) services_->post(worker, std::move(fn));
}

Result<std::string> Host::store(std::string key, std::string value, std::chrono::seconds ttl) {
  const auto pending = std::make_shared<Pending>();
  {
    const std::lock_guard lock(mutex_);
    if (services_ == nullptr) return gone();
    services_->storeData(std::move(key), std::move(value), ttl, Pending::into(pending));
  }
  return pending->wait();
}

Result<std::string> Host::load(std::string key) {
  const auto pending = std::make_shared<Pending>();
  {
    const std::lock_guard lock(mutex_);
    if (services_ == nullptr) return gone();
    services_->loadData(std::move(key), Pending::into(pending));
  }
  return pending->wait();
}

bool Host::trigger(std::string name, std::string payload) {
  // With the mutex: the gateway must not go in the middle of it.
  const std::lock_guard lock(mutex_);
  if (!trigger_) return false;
  trigger_(std::move(name), std::move(payload));
  return true;
}

}  // namespace tykpp::drivers::python
