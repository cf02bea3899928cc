#include "storage/impl/store_status.hpp"

#include <utility>

#include "base/log.hpp"

namespace tykpp::storage {

StoreState StoreStatus::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void StoreStatus::onChange(KeyStore::OnChange listener) {
  auto shared =
      listener ? std::make_shared<const KeyStore::OnChange>(std::move(listener)) : nullptr;
  const std::lock_guard lock(mutex_);
  listener_ = std::move(shared);
}

void StoreStatus::connected() {
  std::unique_lock lock(mutex_);
  if (++working_ == 1) change(true, {}, std::move(lock));
}

void StoreStatus::lost(const std::string& reason) {
  std::unique_lock lock(mutex_);
  if (--working_ == 0) change(false, reason, std::move(lock));
}

void StoreStatus::closed() {
  const std::lock_guard lock(mutex_);
  if (--working_ > 0) return;
  told_ = false;
  state_ = {false, "not connected yet"};
}

void StoreStatus::failed(const std::string& reason) {
  std::unique_lock lock(mutex_);
  if (working_ > 0) return;
  if (told_) {
    state_.reason = reason;  // the newest reason, without a new line in the log
    return;
  }
  change(false, reason, std::move(lock));
}

void StoreStatus::change(bool up, const std::string& reason, std::unique_lock<std::mutex> lock) {
  told_ = true;
  state_ = {up, reason};
  const StoreState now = state_;
  const auto listener = listener_;
  lock.unlock();
  if (up) {
    TYKPP_LOG(info, "storage", "store is up store=\"{}\"", what_);
  } else {
    TYKPP_LOG(err, "storage", "store is down store=\"{}\" reason={}", what_, log::quoted(reason));
  }
  if (listener) (*listener)(now);
}

void StoreStatus::trouble(std::size_t kind, const char* name, const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    Clock::time_point& last = logged_[kind % kKinds];
    const Clock::time_point now = Clock::now();
    if (last != Clock::time_point{} && now - last < std::chrono::seconds(10)) return;
    last = now;
  }
  TYKPP_LOG(err, "storage", "store=\"{}\" trouble={} error={}", what_, name, log::quoted(text));
}

}  // namespace tykpp::storage
