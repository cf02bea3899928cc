#include "storage/impl/embedded_entries.hpp"

#include <algorithm>
#include <charconv>

namespace tykpp::storage {
namespace {

constexpr std::int64_t kPage = 1000;

/// The smallest text above all that begin with the prefix; empty: there is none.
std::string endOfPrefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace

std::optional<Entry> findEntry(Work& work, Key key) {
  Query query(work.database, "SELECT kind, expires, value FROM entry WHERE key = ?1");
  if (!query.bytes(1, key).step()) return std::nullopt;
  Entry entry{static_cast<EntryKind>(query.number(0)), query.number(1), {}};
  if (entry.expires > 0 && entry.expires <= work.now_ms) return std::nullopt;
  entry.value = query.bytes(2);
  return entry;
}

Result<std::optional<Entry>> findKind(Work& work, Key key, EntryKind kind) {
  std::optional<Entry> entry = findEntry(work, key);
  if (entry && entry->kind != kind) {
    return Error(Errc::kBadRequest, "embedded store: the key holds a value of another kind");
  }
  return entry;
}

void eraseEntry(Work& work, Key key) {
  work.touched.push_back(key);
  Query(work.database, "DELETE FROM entry WHERE key = ?1").bytes(1, key).all();
  Query(work.database, "DELETE FROM item WHERE key = ?1").bytes(1, key).all();
  Query(work.database, "DELETE FROM member WHERE key = ?1").bytes(1, key).all();
}

void putEntry(Work& work, Key key, EntryKind kind, std::int64_t expires, std::string_view value) {
  work.touched.push_back(key);
  Query(work.database,
        "INSERT OR REPLACE INTO entry(key, kind, expires, value) VALUES(?1, ?2, ?3, ?4)")
      .bytes(1, key)
      .number(2, static_cast<std::int64_t>(kind))
      .number(3, expires)
      .bytes(4, value)
      .all();
}

Result<std::optional<std::string>> getText(Work& work, Key key) {
  auto entry = findKind(work, key, EntryKind::kText);
  if (!entry) return entry.error();
  if (!*entry) return std::optional<std::string>{};
  work.found.push_back({key, (*entry)->value, (*entry)->expires});
  return std::optional<std::string>(std::move((*entry)->value));
}

Result<bool> setText(Work& work, Key key, std::string_view value, std::int64_t ttl_ms,
                     SetIf condition) {
  const std::optional<Entry> old = findEntry(work, key);
  if (condition == SetIf::kAbsent && old) return false;
  if (condition == SetIf::kPresent && !old) return false;
  // Rows of a collection that was here, or of one that has ended and was not swept yet.
  if (!old || old->kind != EntryKind::kText) eraseEntry(work, key);
  putEntry(work, key, EntryKind::kText, ttl_ms > 0 ? work.now_ms + ttl_ms : 0, value);
  return true;
}

Result<std::int64_t> incrementText(Work& work, Key key) {
  const auto old = findKind(work, key, EntryKind::kText);
  if (!old) return old.error();
  std::int64_t number = 0;
  if (*old) {
    const std::string& text = (*old)->value;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() ||
        number == INT64_MAX) {
      return Error(Errc::kBadRequest, "embedded store: the value is no number");
    }
  } else {
    eraseEntry(work, key);
  }
  ++number;
  putEntry(work, key, EntryKind::kText, *old ? (*old)->expires : 0, std::to_string(number));
  return number;
}

Result<bool> setExpiry(Work& work, Key key, std::int64_t ttl_ms) {
  const std::optional<Entry> entry = findEntry(work, key);
  if (!entry) return false;
  putEntry(work, key, entry->kind, ttl_ms > 0 ? work.now_ms + ttl_ms : 0, entry->value);
  return true;
}

Result<KeyPage> listKeys(Work& work, Key prefix, Key from) {
  KeyPage page;
  const std::string end = endOfPrefix(prefix);
  const char* bounded =
      "SELECT key, expires FROM entry WHERE key >= ?1 AND key > ?2 AND key < ?3 ORDER BY key"
      " LIMIT ?4";
  const char* unbounded =
      "SELECT key, expires FROM entry WHERE key >= ?1 AND key > ?2 ORDER BY key LIMIT ?4";
  Query query(work.database, end.empty() ? unbounded : bounded);
  query.bytes(1, prefix).bytes(2, from).number(4, kPage);
  if (!end.empty()) query.bytes(3, end);
  std::int64_t rows = 0;
  std::string last;
  while (query.step()) {
    ++rows;
    last = query.bytes(0);
    const std::int64_t expires = query.number(1);
    if (expires == 0 || expires > work.now_ms) page.keys.push_back(last);
  }
  if (rows == kPage) page.next = last;
  return page;
}

std::pair<std::int64_t, std::int64_t> placesOf(std::int64_t first, std::int64_t last,
                                               std::int64_t size) {
  if (first < 0) first = std::max<std::int64_t>(first + size, 0);
  if (last < 0) last += size;
  last = std::min(last, size - 1);
  if (first > last) return {0, 0};
  return {first, last + 1};
}

}  // namespace tykpp::storage
