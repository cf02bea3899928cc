#include "storage/impl/embedded_client.hpp"

#include <limits>
#include <utility>

#include "storage/impl/embedded_entries.hpp"
#include "storage/impl/embedded_waiting.hpp"

namespace tykpp::storage {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
using Numbers = std::int64_t;

std::int64_t millis(std::chrono::seconds time) {
  // A time to live beyond this is for good; multiplying it would overflow.
  constexpr std::int64_t kLongest = 1'000'000'000'000;
  return time.count() > kLongest ? 0 : time.count() * 1000;
}

std::vector<Member> named(const Texts& names) {
  std::vector<Member> members;
  for (const std::string& name : names) members.push_back({name, 0, {}});
  return members;
}

std::vector<Scored> asScored(std::vector<Member> members) {
  std::vector<Scored> scored;
  for (Member& member : members) scored.push_back({std::move(member.name), member.score});
  return scored;
}

Error tooLarge() { return Error(Errc::kBadRequest, "embedded store: the value is too large"); }

}  // namespace

EmbeddedClient::~EmbeddedClient() {
  gate_->close();
  while (!waiting_.empty()) {
    waiting_.back()->giveUp(Error(Errc::kShuttingDown, "embedded store: the client is closed"));
  }
}

StoreTask<std::optional<std::string>> EmbeddedClient::get(View key) {
  if (auto value = engine_.cache().get(key, engine_.clock().nowMs())) co_return std::move(value);
  Action<std::optional<std::string>> action = [name = std::string(key)](Work& work) {
    return getText(work, name);
  };
  co_return co_await perform(false, std::move(action));
}

StoreTask<std::vector<std::optional<std::string>>> EmbeddedClient::getMany(Words keys) {
  using Values = std::vector<std::optional<std::string>>;
  const std::int64_t now = engine_.clock().nowMs();
  Values values;
  bool all = true;
  for (const std::string& key : keys) {
    values.push_back(engine_.cache().get(key, now));
    all = all && values.back().has_value();
  }
  if (all) co_return values;
  Action<Values> action = [names = Texts(keys.begin(), keys.end())](Work& work) -> Result<Values> {
    Values read;
    for (const std::string& name : names) {
      auto value = getText(work, name);
      // Keys of other kinds read as missing, as Redis' MGET does.
      read.push_back(value ? std::move(*value) : std::nullopt);
    }
    return read;
  };
  co_return co_await perform(false, std::move(action));
}

StoreTask<bool> EmbeddedClient::set(View key, View value, Seconds ttl, SetIf condition) {
  if (value.size() > engine_.options().max_value_bytes) co_return tooLarge();
  Action<bool> action = [name = std::string(key), text = std::string(value), ttl = millis(ttl),
                         condition](Work& work) {
    return setText(work, name, text, ttl, condition);
  };
  co_return co_await perform(true, std::move(action));
}

StoreTask<std::int64_t> EmbeddedClient::remove(Words keys) {
  Action<Numbers> action = [names =
                                Texts(keys.begin(), keys.end())](Work& work) -> Result<Numbers> {
    Numbers count = 0;
    for (const std::string& name : names) {
      bool there = findEntry(work, name).has_value();
      eraseEntry(work, name);
      Query(work.database, "DELETE FROM counter WHERE key = ?1").bytes(1, name).all();
      there = work.database.changes() > 0 || there;
      there = work.counters.remove(name, work.now_ms) || there;
      there = work.logs.remove(name) || there;
      count += there ? 1 : 0;
    }
    return count;
  };
  return perform(true, std::move(action));
}

StoreTask<bool> EmbeddedClient::removeIfEquals(View key, View value) {
  Action<bool> action = [name = std::string(key),
                         text = std::string(value)](Work& work) -> Result<bool> {
    const auto entry = findKind(work, name, EntryKind::kText);
    if (!entry) return entry.error();
    if (!*entry || (*entry)->value != text) return false;
    eraseEntry(work, name);
    return true;
  };
  return perform(true, std::move(action));
}

StoreTask<Lifetime> EmbeddedClient::lifetime(View key) {
  Action<Lifetime> action = [name = std::string(key)](Work& work) -> Result<Lifetime> {
    const auto entry = findEntry(work, name);
    if (!entry) return Lifetime{};
    const std::int64_t left = entry->expires > 0 ? entry->expires - work.now_ms : -1;
    return Lifetime{true, std::chrono::milliseconds(left)};
  };
  return perform(false, std::move(action));
}

StoreTask<bool> EmbeddedClient::exists(View key) {
  Action<bool> action = [name = std::string(key)](Work& work) -> Result<bool> {
    return findEntry(work, name).has_value();
  };
  return perform(false, std::move(action));
}

StoreTask<bool> EmbeddedClient::expire(View key, Seconds ttl) {
  Action<bool> action = [name = std::string(key), ttl = millis(ttl)](Work& work) {
    return setExpiry(work, name, ttl);
  };
  return perform(true, std::move(action));
}

StoreTask<std::int64_t> EmbeddedClient::increment(View key) {
  Action<Numbers> action = [name = std::string(key)](Work& work) {
    return incrementText(work, name);
  };
  return perform(true, std::move(action));
}

StoreTask<KeyPage> EmbeddedClient::scan(View prefix, View from) {
  Action<KeyPage> action = [name = std::string(prefix), last = std::string(from)](Work& work) {
    return listKeys(work, name, last);
  };
  return perform(false, std::move(action));
}

StoreTask<std::int64_t> EmbeddedClient::push(View key, Words values) {
  Action<Numbers> action = [name = std::string(key), texts = Texts(values.begin(), values.end())](
                               Work& work) { return pushItems(work, name, texts); };
  return perform(true, std::move(action));
}

StoreTask<Texts> EmbeddedClient::range(View key, std::int64_t first, std::int64_t last) {
  Action<Texts> action = [name = std::string(key), first, last](Work& work) {
    return rangeItems(work, name, first, last);
  };
  return perform(false, std::move(action));
}

StoreTask<std::int64_t> EmbeddedClient::removeItem(View key, View value) {
  Action<Numbers> action = [name = std::string(key), text = std::string(value)](Work& work) {
    return removeItems(work, name, text);
  };
  return perform(true, std::move(action));
}

StoreTask<std::int64_t> EmbeddedClient::addMembers(View key, Words members) {
  Action<Numbers> action = [name = std::string(key),
                            texts = Texts(members.begin(), members.end())](Work& work) {
    return putMembers(work, name, EntryKind::kSet, named(texts));
  };
  return perform(true, std::move(action));
}

StoreTask<std::int64_t> EmbeddedClient::removeMembers(View key, Words members) {
  Action<Numbers> action = [name = std::string(key),
                            texts = Texts(members.begin(), members.end())](Work& work) {
    return dropMembers(work, name, EntryKind::kSet, texts);
  };
  return perform(true, std::move(action));
}

StoreTask<Texts> EmbeddedClient::members(View key) {
  Action<Texts> action = [name = std::string(key)](Work& work) -> Result<Texts> {
    auto members = listMembers(work, name, EntryKind::kSet, -kInfinite, kInfinite);
    if (!members) return members.error();
    Texts texts;
    for (Member& member : *members) texts.push_back(std::move(member.name));
    return texts;
  };
  return perform(false, std::move(action));
}

StoreTask<bool> EmbeddedClient::addScored(View key, View member, double score) {
  Action<bool> action = [name = std::string(key), added = Member{std::string(member), score, {}}](
                            Work& work) -> Result<bool> {
    const auto fresh = putMembers(work, name, EntryKind::kScored, {added});
    if (!fresh) return fresh.error();
    return *fresh > 0;
  };
  return perform(true, std::move(action));
}

StoreTask<std::int64_t> EmbeddedClient::removeScored(View key, Words members) {
  Action<Numbers> action = [name = std::string(key),
                            texts = Texts(members.begin(), members.end())](Work& work) {
    return dropMembers(work, name, EntryKind::kScored, texts);
  };
  return perform(true, std::move(action));
}

StoreTask<std::int64_t> EmbeddedClient::removeByScore(View key, double low, double high) {
  Action<Numbers> action = [name = std::string(key), low, high](Work& work) {
    return dropByScore(work, name, low, high);
  };
  return perform(true, std::move(action));
}

StoreTask<std::vector<Scored>> EmbeddedClient::rangeScored(View key, std::int64_t first,
                                                           std::int64_t last) {
  Action<std::vector<Scored>> action = [name = std::string(key), first,
                                        last](Work& work) -> Result<std::vector<Scored>> {
    auto members = listMembers(work, name, EntryKind::kScored, -kInfinite, kInfinite);
    if (!members) return members.error();
    std::vector<Scored> all = asScored(std::move(*members));
    const auto [begin, end] = placesOf(first, last, static_cast<std::int64_t>(all.size()));
    return std::vector<Scored>(all.begin() + begin, all.begin() + end);
  };
  return perform(false, std::move(action));
}

StoreTask<std::vector<Scored>> EmbeddedClient::rangeByScore(View key, double low, double high) {
  Action<std::vector<Scored>> action = [name = std::string(key), low,
                                        high](Work& work) -> Result<std::vector<Scored>> {
    auto members = listMembers(work, name, EntryKind::kScored, low, high);
    if (!members) return members.error();
    return asScored(std::move(*members));
  };
  return perform(false, std::move(action));
}

StoreTask<Fields> EmbeddedClient::fields(View key) {
  Action<Fields> action = [name = std::string(key)](Work& work) -> Result<Fields> {
    auto members = listMembers(work, name, EntryKind::kHash, -kInfinite, kInfinite);
    if (!members) return members.error();
    Fields fields;
    for (Member& member : *members) {
      fields.emplace_back(std::move(member.name), std::move(member.value));
    }
    return fields;
  };
  return perform(false, std::move(action));
}

StoreTask<bool> EmbeddedClient::setFields(View key, const Fields& fields, Seconds ttl) {
  std::vector<Member> members;
  for (const auto& [name, value] : fields) members.push_back({name, 0, value});
  Action<bool> action = [name = std::string(key), members = std::move(members),
                         ttl = millis(ttl)](Work& work) -> Result<bool> {
    const auto fresh = putMembers(work, name, EntryKind::kHash, members);
    if (!fresh) return fresh.error();
    if (ttl > 0) return setExpiry(work, name, ttl);
    return true;
  };
  return perform(true, std::move(action));
}

}  // namespace tykpp::storage
