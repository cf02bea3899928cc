#include "session/session_cache.hpp"

#include <functional>

namespace tykpp::session {

std::shared_ptr<SessionEntry> SessionCache::findIn(const Index& index, std::string_view name,
                                                   Clock::time_point now) {
  const auto found = index.find(name);
  if (found == index.end()) return nullptr;
  if (now < found->second->until) return found->second->entry;
  remove(found->second);
  return nullptr;
}

std::shared_ptr<SessionEntry> SessionCache::find(std::string_view key, Clock::time_point now) {
  return findIn(by_key_, key, now);
}

std::shared_ptr<SessionEntry> SessionCache::findAlias(std::string_view alias,
                                                      Clock::time_point now) {
  return findIn(by_alias_, alias, now);
}

bool SessionCache::changedSince(Ticket ticket, std::string_view key) const noexcept {
  if (ticket < cleared_ || invalidations_ - ticket > recent_.size()) return true;
  const std::size_t hash = std::hash<std::string_view>{}(key);
  for (std::uint64_t number = ticket; number < invalidations_; ++number) {
    if (recent_[number % recent_.size()] == hash) return true;
  }
  return false;
}

bool SessionCache::put(std::shared_ptr<SessionEntry> entry, std::string alias, Ticket ticket,
                       Clock::time_point now) {
  const std::size_t bytes = entry->bytes() + alias.size() + sizeof(Slot);
  if (limits_.lifetime <= Clock::duration::zero() || limits_.most_entries == 0 ||
      bytes > limits_.most_bytes || changedSince(ticket, entry->key())) {
    return false;
  }
  if (const auto older = by_key_.find(entry->key()); older != by_key_.end()) remove(older->second);
  if (const auto other = by_alias_.find(alias); other != by_alias_.end()) remove(other->second);
  // All live equally long, so the oldest is the one that ends first.
  while (!slots_.empty() && (slots_.size() >= limits_.most_entries ||
                             bytes_ + bytes > limits_.most_bytes || now >= slots_.front().until)) {
    remove(slots_.begin());
  }
  slots_.push_back({std::move(entry), std::move(alias), now + limits_.lifetime, bytes});
  const Place place = std::prev(slots_.end());
  bytes_ += bytes;
  by_key_.emplace(place->entry->key(), place);
  if (!place->alias.empty()) by_alias_.emplace(place->alias, place);
  return true;
}

void SessionCache::invalidate(std::string_view key) {
  recent_[invalidations_ % recent_.size()] = std::hash<std::string_view>{}(key);
  ++invalidations_;
  if (const auto found = by_key_.find(key); found != by_key_.end()) remove(found->second);
}

void SessionCache::clear() {
  cleared_ = ++invalidations_;
  by_key_.clear();
  by_alias_.clear();
  slots_.clear();
  bytes_ = 0;
}

void SessionCache::remove(Place place) {
  bytes_ -= place->bytes;
  by_key_.erase(place->entry->key());
  if (!place->alias.empty()) by_alias_.erase(place->alias);
  slots_.erase(place);
}

}  // namespace tykpp::session
