#pragma once
// What a store knows of itself: up or down, told at each change, and its troubles in the log, each
// kind at most once in ten seconds.

#include <array>
#include <atomic>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "storage/key_store.hpp"

namespace tykpp::storage {

/// Thread: any.
class StoreStatus {
 public:
  /// @param what  `Redis` or `the embedded store`, for the log
  explicit StoreStatus(const char* what) : what_(what) {}

  StoreState state() const;
  void onChange(KeyStore::OnChange listener);
  /// One connection works. Each is counted until lost().
  void connected();
  /// A connection that worked ended; down when it was the last.
  void lost(const std::string& reason);
  /// A connection that worked was closed by us: nobody is told.
  void closed();
  /// An attempt failed; down unless another connection works.
  void failed(const std::string& reason);

  /// Logs a trouble unless one of this kind was logged within ten seconds. @param name  stable
  void trouble(std::size_t kind, const char* name, const std::string& text);

 private:
  static constexpr std::size_t kKinds = 16;
  void change(bool up, const std::string& reason, std::unique_lock<std::mutex> lock);
  const char* what_;
  mutable std::mutex mutex_;
  StoreState state_{false, "not connected yet"};
  bool told_ = false;  // down was told, or nothing yet
  int working_ = 0;
  std::shared_ptr<const KeyStore::OnChange> listener_;
  std::array<Clock::time_point, kKinds> logged_{};
};

}  // namespace tykpp::storage
