#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "storage/data_store.hpp"

namespace tykpp::storage {
namespace {

using Clock = std::chrono::steady_clock;

class MemoryDataStore final : public DataStore {
 public:
  void set(std::string key, std::string value, std::chrono::seconds ttl, Done done) override {
    {
      const std::lock_guard lock(mutex_);
      if (values_.size() >= kMaxValues && !values_.contains(key)) makeRoom();
      const Clock::time_point end = ttl.count() > 0 ? Clock::now() + ttl : Clock::time_point::max();
      values_.insert_or_assign(std::move(key), Value{std::move(value), end});
    }
    done(std::string{});
  }

  void get(std::string key, Done done) override {
    Result<std::string> found = Error(Errc::kNotFound, "no such key");
    {
      const std::lock_guard lock(mutex_);
      const auto at = values_.find(key);
      if (at != values_.end()) {
        if (at->second.end > Clock::now()) {
          found = at->second.text;
        } else {
          values_.erase(at);
        }
      }
    }
    done(std::move(found));
  }

 private:
  struct Value {
    std::string text;
    Clock::time_point end;
  };
  static constexpr std::size_t kMaxValues = 100'000;

  /// What has ended goes; if nothing has, what ends first.
  void makeRoom() {
    const Clock::time_point now = Clock::now();
    if (std::erase_if(values_, [now](const auto& entry) { return entry.second.end <= now; }) > 0)
      return;
    values_.erase(
        std::min_element(values_.begin(), values_.end(),
                         [](const auto& a, const auto& b) { return a.second.end < b.second.end; }));
  }

  std::mutex mutex_;
  std::unordered_map<std::string, Value> values_;
};

}  // namespace

std::unique_ptr<DataStore> makeMemoryDataStore() { return std::make_unique<MemoryDataStore>(); }

}  // namespace tykpp::storage
