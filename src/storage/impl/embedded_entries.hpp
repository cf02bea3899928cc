#pragma once
// Keys and collections in the file, with Redis' meaning: an empty collection is no key, an
// operation on a key of another kind is refused, an ended key is absent. On the file's thread.

#include <optional>
#include <string>
#include <vector>

#include "storage/impl/embedded_engine.hpp"

namespace tykpp::storage {

/// Numbers are in the file.
enum class EntryKind : std::uint8_t { kText = 1, kList = 2, kSet = 3, kScored = 4, kHash = 5 };

struct Entry {
  EntryKind kind = EntryKind::kText;
  std::int64_t expires = 0;  // unix milliseconds, 0 for good
  std::string value;
};

using Key = const std::string&;

/// Null when absent or ended.
std::optional<Entry> findEntry(Work& work, Key key);
/// Null when absent. @error kBadRequest  another kind
Result<std::optional<Entry>> findKind(Work& work, Key key, EntryKind kind);
/// Removes it with its items, also when it has ended already.
void eraseEntry(Work& work, Key key);
void putEntry(Work& work, Key key, EntryKind kind, std::int64_t expires, std::string_view value);

Result<std::optional<std::string>> getText(Work& work, Key key);
Result<bool> setText(Work& work, Key key, std::string_view value, std::int64_t ttl_ms,
                     SetIf condition);
Result<std::int64_t> incrementText(Work& work, Key key);
Result<bool> setExpiry(Work& work, Key key, std::int64_t ttl_ms);
Result<KeyPage> listKeys(Work& work, Key prefix, Key from);

Result<std::int64_t> pushItems(Work& work, Key key, const Texts& values);
Result<Texts> rangeItems(Work& work, Key key, std::int64_t first, std::int64_t last);
Result<std::int64_t> removeItems(Work& work, Key key, Key value);

/// Members of sets, sorted sets and hashes: the fields' values, or the scores, are what they have.
struct Member {
  std::string name;
  double score = 0;
  std::string value;
};
/// @return how many are new
Result<std::int64_t> putMembers(Work& work, Key key, EntryKind kind,
                                const std::vector<Member>& members);
Result<std::int64_t> dropMembers(Work& work, Key key, EntryKind kind, const Texts& names);
Result<std::int64_t> dropByScore(Work& work, Key key, double low, double high);
/// In the order of scores, then of names. @param low,high  for sorted sets
Result<std::vector<Member>> listMembers(Work& work, Key key, EntryKind kind, double low,
                                        double high);

/// Redis' places: from 0, negative ones from the end, both included. @return begin and end
std::pair<std::int64_t, std::int64_t> placesOf(std::int64_t first, std::int64_t last,
                                               std::int64_t size);

}  // namespace tykpp::storage
