// Lists, and the members of sets, sorted sets and hashes.
#include <cmath>
#include <limits>
#include <utility>

#include "storage/impl/embedded_entries.hpp"

namespace tykpp::storage {
namespace {

/// Makes the key unless it is there. @error kBadRequest  another kind
Result<void> ensure(Work& work, Key key, EntryKind kind) {
  const auto entry = findKind(work, key, kind);
  if (!entry) return entry.error();
  if (*entry) return {};
  eraseEntry(work, key);  // rows of one that has ended
  putEntry(work, key, kind, 0, {});
  return {};
}

void dropIfEmpty(Work& work, Key key, const char* count) {
  Query query(work.database, count);
  if (query.bytes(1, key).step()) return;
  eraseEntry(work, key);
}
constexpr const char* kAnyItem = "SELECT 1 FROM item WHERE key = ?1 LIMIT 1";
constexpr const char* kAnyMember = "SELECT 1 FROM member WHERE key = ?1 LIMIT 1";

std::int64_t numberOf(Work& work, const char* sql, Key key) {
  Query query(work.database, sql);
  return query.bytes(1, key).step() ? query.number(0) : 0;
}

bool putMember(Work& work, Key key, const Member& member) {
  Query exists(work.database, "SELECT 1 FROM member WHERE key = ?1 AND member = ?2");
  const bool fresh = !exists.bytes(1, key).bytes(2, member.name).step();
  Query(work.database,
        "INSERT OR REPLACE INTO member(key, member, score, value) VALUES(?1, ?2, ?3, ?4)")
      .bytes(1, key)
      .bytes(2, member.name)
      .real(3, member.score)
      .bytes(4, member.value)
      .all();
  return fresh;
}

}  // namespace

Result<std::int64_t> pushItems(Work& work, Key key, const Texts& values) {
  if (const auto ready = ensure(work, key, EntryKind::kList); !ready) return ready.error();
  std::int64_t place =
      numberOf(work, "SELECT COALESCE(MAX(place), 0) FROM item WHERE key = ?1", key);
  for (const std::string& value : values) {
    Query(work.database, "INSERT INTO item(key, place, value) VALUES(?1, ?2, ?3)")
        .bytes(1, key)
        .number(2, ++place)
        .bytes(3, value)
        .all();
  }
  return numberOf(work, "SELECT COUNT(*) FROM item WHERE key = ?1", key);
}

Result<Texts> rangeItems(Work& work, Key key, std::int64_t first, std::int64_t last) {
  const auto entry = findKind(work, key, EntryKind::kList);
  if (!entry) return entry.error();
  Texts values;
  if (!*entry) return values;
  const std::int64_t size = numberOf(work, "SELECT COUNT(*) FROM item WHERE key = ?1", key);
  const auto [begin, end] = placesOf(first, last, size);
  Query query(work.database,
              "SELECT value FROM item WHERE key = ?1 ORDER BY place LIMIT ?2 OFFSET ?3");
  query.bytes(1, key).number(2, end - begin).number(3, begin);
  while (query.step()) values.push_back(query.bytes(0));
  return values;
}

Result<std::int64_t> removeItems(Work& work, Key key, Key value) {
  const auto entry = findKind(work, key, EntryKind::kList);
  if (!entry) return entry.error();
  if (!*entry) return std::int64_t{0};
  Query(work.database, "DELETE FROM item WHERE key = ?1 AND value = ?2")
      .bytes(1, key)
      .bytes(2, value)
      .all();
  const std::int64_t count = work.database.changes();
  dropIfEmpty(work, key, kAnyItem);
  return count;
}

Result<std::int64_t> putMembers(Work& work, Key key, EntryKind kind,
                                const std::vector<Member>& members) {
  if (members.empty()) return std::int64_t{0};
  if (const auto ready = ensure(work, key, kind); !ready) return ready.error();
  std::int64_t fresh = 0;
  for (const Member& member : members) fresh += putMember(work, key, member) ? 1 : 0;
  return fresh;
}

Result<std::int64_t> dropMembers(Work& work, Key key, EntryKind kind, const Texts& names) {
  const auto entry = findKind(work, key, kind);
  if (!entry) return entry.error();
  if (!*entry) return std::int64_t{0};
  std::int64_t count = 0;
  for (const std::string& name : names) {
    Query(work.database, "DELETE FROM member WHERE key = ?1 AND member = ?2")
        .bytes(1, key)
        .bytes(2, name)
        .all();
    count += work.database.changes();
  }
  dropIfEmpty(work, key, kAnyMember);
  return count;
}

Result<std::int64_t> dropByScore(Work& work, Key key, double low, double high) {
  const auto entry = findKind(work, key, EntryKind::kScored);
  if (!entry) return entry.error();
  if (!*entry) return std::int64_t{0};
  Query(work.database, "DELETE FROM member WHERE key = ?1 AND score >= ?2 AND score <= ?3")
      .bytes(1, key)
      .real(2, low)
      .real(3, high)
      .all();
  const std::int64_t count = work.database.changes();
  dropIfEmpty(work, key, kAnyMember);
  return count;
}

Result<std::vector<Member>> listMembers(Work& work, Key key, EntryKind kind, double low,
                                        double high) {
  const auto entry = findKind(work, key, kind);
  if (!entry) return entry.error();
  std::vector<Member> members;
  if (!*entry) return members;
  Query query(work.database,
              "SELECT member, score, value FROM member WHERE key = ?1 AND score >= ?2 AND"
              " score <= ?3 ORDER BY score, member");
  query.bytes(1, key).real(2, low).real(3, high);
  while (query.step()) members.push_back({query.bytes(0), query.real(1), query.bytes(2)});
  return members;
}

}  // namespace tykpp::storage
