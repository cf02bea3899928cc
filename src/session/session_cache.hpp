#pragma once
// A worker's cache of sessions read from the store. Only sessions that exist are kept: an unknown
// key is asked for again each time. Bounded in number and bytes; the oldest goes first.
//
// Changes made elsewhere come as invalidate(), posted to the worker. A session that was asked for
// before such a change and arrives after it is not kept: that is what tickets are for.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "session/session_entry.hpp"

namespace tykpp::session {

/// Bounds of one worker's cache.
struct SessionCacheLimits {
  std::size_t most_entries = 20'000;
  std::size_t most_bytes = 64U << 20;
  Clock::duration lifetime = std::chrono::seconds(10);  ///< nought: nothing is kept
};

/// Thread: its worker's alone.
class SessionCache {
 public:
  using Ticket = std::uint64_t;

  explicit SessionCache(SessionCacheLimits limits = {}) : limits_(limits) {}

  /// The session of a name in the store, or null.
  std::shared_ptr<SessionEntry> find(std::string_view key, Clock::time_point now);
  /// The same by a name that put() was given beside the key, so that a client's raw key need not be
  /// hashed each time.
  std::shared_ptr<SessionEntry> findAlias(std::string_view alias, Clock::time_point now);
  /// To be taken before the store is asked.
  Ticket ticket() const noexcept { return invalidations_; }
  /// Keeps a session, in the place of an older one.
  /// @param alias  empty: none
  /// @return whether it was kept; not when it was changed since the ticket
  bool put(std::shared_ptr<SessionEntry> entry, std::string alias, Ticket ticket,
           Clock::time_point now);
  /// A session was written or deleted. @param key  as find() has it
  void invalidate(std::string_view key);
  void clear();
  std::size_t size() const noexcept { return slots_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  /// What lies in the cache, oldest first.
  struct Slot {
    std::shared_ptr<SessionEntry> entry;
    std::string alias;
    Clock::time_point until;
    std::size_t bytes;
  };
  using Place = std::list<Slot>::iterator;
  using Index = std::unordered_map<std::string_view, Place>;  ///< views into the slots

  std::shared_ptr<SessionEntry> findIn(const Index& index, std::string_view name,
                                       Clock::time_point now);
  bool changedSince(Ticket ticket, std::string_view key) const noexcept;
  void remove(Place place);

  SessionCacheLimits limits_;
  std::list<Slot> slots_;
  Index by_key_;
  Index by_alias_;
  std::size_t bytes_ = 0;
  std::array<std::size_t, 256> recent_{};  ///< hashes of keys, by invalidation number
  std::uint64_t invalidations_ = 0;
  std::uint64_t cleared_ = 0;  ///< tickets below are void
};

}  // namespace tykpp::session
