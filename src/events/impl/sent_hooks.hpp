#pragma once
// Which web hooks were called lately: the storage's memory, and for the moment between looking and
// writing one of its own.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "storage/data_store.hpp"

namespace tykpp::events {

/// One a process. Thread: any.
class SentHooks : public std::enable_shared_from_this<SentHooks> {
 public:
  explicit SentHooks(storage::DataStore& store) : store_(store) {}

  /// Calls `send` unless an equal request was sent within `cooldown` (0: ever), and remembers it.
  /// Runs `send` in the call or on the storage's thread. When the storage does not answer, the
  /// request is sent: better twice than never.
  /// @param digest  MD5 of the request, hex
  void once(const std::string& digest, std::chrono::seconds cooldown, std::function<void()> send);

 private:
  bool claim(const std::string& key);
  void release(const std::string& key);

  storage::DataStore& store_;
  std::mutex mutex_;
  std::unordered_set<std::string> claimed_;  // being looked up or written
};

}  // namespace tykpp::events
