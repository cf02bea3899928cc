#include "session/session_store.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "session/key_hash.hpp"
#include "session/notification.hpp"

namespace tykpp::session {
namespace {

/// What a store can add to its clock: some 300 years.
constexpr std::int64_t kLongest = 10'000'000'000;

std::string stored(std::string_view name) {
  std::string key(SessionStore::kPrefix);
  key.append(name);
  return key;
}

void addOnce(std::vector<std::string>& list, std::string entry) {
  if (std::find(list.begin(), list.end(), entry) == list.end()) list.push_back(std::move(entry));
}

}  // namespace

SessionStore::SessionStore(storage::KeyStoreClient& client, const definition::GatewayConfig& config,
                           Changed changed)
    : client_(client), config_(config), changed_(std::move(changed)) {}

std::string SessionStore::nameOf(View token) const {
  return config_.identity.keys.hash_keys ? hashToken(token) : std::string(token);
}

std::vector<std::string> SessionStore::candidates(View org_id, View key) const {
  const definition::KeyConfig& keys = config_.identity.keys;
  std::vector<std::string> tokens;
  if (organisationOf(key) == org_id) {
    tokens.emplace_back(key);
    return tokens;
  }
  if (!keys.disable_key_actions_by_username) {
    addOnce(tokens, makeToken(org_id, key, keys.hash_key_function));
  }
  addOnce(tokens, std::string(key));
  for (const std::string& function : keys.hash_key_function_fallback) {
    addOnce(tokens, makeToken(org_id, key, function));
  }
  return tokens;
}

std::optional<StoredSession> SessionStore::read(std::string name, View token,
                                                const std::string& json) const {
  auto data = SessionData::parse(json);
  if (!data) {
    TYKPP_LOG(err, "session", "a stored session cannot be read: {} at={} key={}",
              data.error().message(), log::quoted(data.error().where()), log::shownKey(name));
    return std::nullopt;
  }
  return StoredSession{std::move(name), std::string(token), std::move(*data), json.size()};
}

SessionStore::Task<std::optional<StoredSession>> SessionStore::find(View org_id, View key) {
  const std::vector<std::string> tokens = candidates(org_id, key);
  std::vector<std::string> names;
  names.reserve(tokens.size());
  for (const std::string& token : tokens) names.push_back(stored(nameOf(token)));
  Result<std::vector<std::optional<std::string>>> values = co_await client_.getMany(names);
  if (!values) co_return values.error();
  for (std::size_t i = 0; i < values->size() && i < names.size(); ++i) {
    const std::optional<std::string>& value = (*values)[i];
    if (!value || value->empty()) continue;
    co_return read(names[i].substr(kPrefix.size()), tokens[i], *value);
  }
  co_return std::optional<StoredSession>{};
}

SessionStore::Task<std::optional<StoredSession>> SessionStore::findByName(View name, View token) {
  const std::string key = stored(name);
  Result<std::optional<std::string>> value = co_await client_.get(key);
  if (!value) co_return value.error();
  if (!*value || (*value)->empty()) co_return std::optional<StoredSession>{};
  co_return read(std::string(name), token, **value);
}

SessionStore::Task<bool> SessionStore::save(View name, const SessionData& session,
                                            std::int64_t lifetime, storage::SetIf condition) {
  const std::string key = stored(name);
  const std::string json = session.json();
  const std::chrono::seconds ttl(std::clamp<std::int64_t>(lifetime, 0, kLongest));
  Result<bool> written = co_await client_.set(key, json, ttl, condition);
  if (!written || !*written) co_return written;
  const std::vector<std::string> names{std::string(name)};
  co_await tellChanged(names);
  co_return true;
}

SessionStore::Task<std::int64_t> SessionStore::remove(storage::Words names) {
  std::vector<std::string> keys;
  keys.reserve(names.size());
  for (const std::string& name : names) keys.push_back(stored(name));
  Result<std::int64_t> removed = co_await client_.remove(keys);
  if (removed && *removed > 0) co_await tellChanged(names);
  co_return removed;
}

SessionStore::Task<std::vector<std::string>> SessionStore::list(View prefix) {
  const std::string from_prefix = stored(prefix);
  std::vector<std::string> names;
  std::string from;
  do {
    Result<storage::KeyPage> page = co_await client_.scan(from_prefix, from);
    if (!page) co_return page.error();
    for (const std::string& key : page->keys) names.push_back(key.substr(kPrefix.size()));
    from = page->next;
  } while (!from.empty());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  co_return names;
}

SessionStore::Task<std::int64_t> SessionStore::tellChanged(storage::Words names) {
  std::string payload;
  for (const std::string& name : names) {
    if (changed_) changed_(name);
    if (!payload.empty()) payload += ',';
    payload += name;
  }
  const std::string text =
      notificationText(command::kKeySpaceUpdate, payload, config_.identity.cluster.node_secret);
  // Whether somebody hears it does not matter to the writer: caches end by themselves.
  co_return co_await client_.publish(kNotificationChannel, text);
}

}  // namespace tykpp::session
