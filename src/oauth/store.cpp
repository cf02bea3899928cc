#include "oauth/store.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace tykpp::oauth {
namespace {

using std::chrono::seconds;

constexpr std::string_view kAll = "oauth-data.";
constexpr std::string_view kClient = "oauth-clientid.";
constexpr std::string_view kIndex = "oauth-client-index.";
constexpr std::string_view kSet = "oauth-clientset.oauth-clientid.";
constexpr std::string_view kCode = "oauth-authorize.";
constexpr std::string_view kAccess = "oauth-access.";
constexpr std::string_view kRefresh = "oauth-refresh.";
constexpr std::string_view kTokens = "oauth-client-tokens.";
constexpr std::string_view kLock = "oauth-purge-lock";
constexpr seconds kLockTime{60};

constexpr double kBegin = -1e18;

}  // namespace

Store::Store(const Site& site, std::string_view api_id, std::string_view org_id)
    : site_(site),
      prefix_(std::string(kAll).append(api_id).append(".")),
      index_(prefix_ + std::string(kIndex).append(org_id)) {}

std::string Store::key(std::string_view kind, std::string_view name) const {
  return std::string(prefix_).append(kind).append(name);
}

Store::Task<std::optional<Client>> Store::findClient(const std::string& id) {
  if (id.empty()) co_return std::optional<Client>{};
  const std::string name = key(kClient, id);
  const Result<std::optional<std::string>> text = co_await client().get(name);
  if (!text) co_return text.error();
  co_return Client::parse(text->value_or(""));
}

/// The set has whole texts, so an old one has to be looked up to be removed.
Store::Task<bool> Store::forgetInSet(const std::string& id) {
  const std::string name = key(kClient, id);
  const Result<std::optional<std::string>> old = co_await client().get(name);
  if (!old) co_return old.error();
  if (!*old) co_return false;
  const std::string set = key(kSet, {});
  const std::vector<std::string> members{**old};
  const Result<std::int64_t> removed = co_await client().removeMembers(set, members);
  if (!removed) co_return removed.error();
  co_return true;
}

Store::Task<bool> Store::saveClient(const Client& saved) {
  const Result<bool> known = co_await forgetInSet(saved.id);
  if (!known) co_return known.error();
  const std::string name = key(kClient, saved.id);
  const std::string json = saved.json();
  const Result<bool> written =
      co_await client().set(name, json, seconds(0), storage::SetIf::kAlways);
  if (!written) co_return written.error();
  const std::vector<std::string> members{json};
  const std::string set = key(kSet, {});
  const Result<std::int64_t> added = co_await client().addMembers(set, members);
  if (!added) co_return added.error();
  if (*known) co_return true;
  const std::vector<std::string> entries{std::string(kClient) + saved.id};
  const Result<std::int64_t> listed = co_await client().push(index_, entries);
  if (!listed) co_return listed.error();
  co_return true;
}

Store::Task<bool> Store::removeClient(const std::string& id) {
  const Result<bool> known = co_await forgetInSet(id);
  if (!known) co_return known.error();
  const std::string entry = std::string(kClient) + id;
  const Result<std::int64_t> unlisted = co_await client().removeItem(index_, entry);
  if (!unlisted) co_return unlisted.error();
  const std::vector<std::string> keys{key(kClient, id)};
  const Result<std::int64_t> removed = co_await client().remove(keys);
  if (!removed) co_return removed.error();
  co_return *removed > 0;
}

/// From the organisation's index; where there is none yet, it is made.
Store::Task<std::vector<std::string>> Store::clientKeys() {
  std::vector<std::string> keys;
  const Result<storage::Texts> listed = co_await client().range(index_, 0, -1);
  if (!listed) co_return listed.error();
  for (const std::string& entry : *listed) keys.push_back(prefix_ + entry);
  if (!keys.empty()) co_return keys;
  const std::string begin = key(kClient, {});
  std::string from;
  do {
    const Result<storage::KeyPage> page = co_await client().scan(begin, from);
    if (!page) co_return page.error();
    keys.insert(keys.end(), page->keys.begin(), page->keys.end());
    from = page->next;
  } while (!from.empty());
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::vector<std::string> entries;
  for (const std::string& found : keys) entries.push_back(found.substr(prefix_.size()));
  if (!entries.empty()) {
    const Result<std::int64_t> pushed = co_await client().push(index_, entries);
    if (!pushed) co_return pushed.error();
  }
  co_return keys;
}

Store::Task<std::vector<Client>> Store::clients() {
  Result<std::vector<std::string>> keys = co_await clientKeys();
  if (!keys) co_return keys.error();
  std::vector<Client> found;
  if (keys->empty()) co_return found;
  const Result<std::vector<std::optional<std::string>>> texts = co_await client().getMany(*keys);
  if (!texts) co_return texts.error();
  for (const auto& text : *texts) {
    if (auto one = Client::parse(text.value_or(""))) found.push_back(std::move(*one));
  }
  std::sort(found.begin(), found.end(),
            [](const Client& a, const Client& b) { return a.id < b.id; });
  found.erase(std::unique(found.begin(), found.end(),
                          [](const Client& a, const Client& b) { return a.id == b.id; }),
              found.end());
  co_return found;
}

Store::Task<bool> Store::saveCode(const Grant& grant) {
  const std::string name = key(kCode, grant.code);
  const std::string json = grant.codeJson();
  co_return co_await client().set(name, json, seconds(grant.expires_in), storage::SetIf::kAlways);
}

Store::Task<std::optional<Grant>> Store::findGrant(std::string name) {
  const Result<std::optional<std::string>> text = co_await client().get(name);
  if (!text) co_return text.error();
  co_return Grant::parse(text->value_or(""));
}

Store::Task<std::optional<Grant>> Store::findCode(const std::string& code) {
  auto finding = findGrant(key(kCode, code));
  co_return co_await finding;
}

Store::Task<bool> Store::removeNamed(const std::string& name) {
  const std::vector<std::string> keys{name};
  const Result<std::int64_t> removed = co_await client().remove(keys);
  if (!removed) co_return removed.error();
  co_return *removed > 0;
}

Store::Task<bool> Store::removeCode(const std::string& code) {
  const std::string name = key(kCode, code);
  co_return co_await removeNamed(name);
}

Store::Task<bool> Store::saveTokens(const Grant& grant, const session::SessionData& session) {
  const seconds configured = site_.config.identity.oauth.refresh_token_expire;
  const seconds refresh_life =
      configured.count() > 0 ? configured : definition::OAuthConfig{}.refresh_token_expire;
  const std::string name = site_.sessions.nameOf(grant.access_token);
  Grant stored = grant;
  stored.expires_in = 3600;  // as in the original, whatever the token's life
  const std::string access = key(kAccess, name);
  const std::string access_json = stored.accessJson();
  const Result<bool> kept = co_await client().set(access, access_json, seconds(grant.expires_in),
                                                  storage::SetIf::kAlways);
  if (!kept) co_return kept.error();
  const std::string list = key(kTokens, grant.client.id);
  const auto end = static_cast<double>(grant.created.seconds + grant.expires_in);
  const Result<bool> listed = co_await client().addScored(list, name, end);
  if (!listed) co_return listed.error();
  const Result<bool> saved =
      co_await site_.sessions.save(name, session, grant.expires_in, storage::SetIf::kAlways);
  if (!saved) co_return saved.error();
  if (grant.refresh_token.empty()) co_return true;
  const std::string refresh = key(kRefresh, grant.refresh_token);
  const std::string refresh_json = grant.accessJson();
  co_return co_await client().set(refresh, refresh_json, refresh_life, storage::SetIf::kAlways);
}

Store::Task<std::optional<Grant>> Store::findRefresh(const std::string& token) {
  auto finding = findGrant(key(kRefresh, token));
  co_return co_await finding;
}

Store::Task<bool> Store::removeRefresh(const std::string& token) {
  const std::string name = key(kRefresh, token);
  co_return co_await removeNamed(name);
}

Store::Task<bool> Store::removeAccess(const std::string& token) {
  const std::string name = site_.sessions.nameOf(token);
  auto finding = findGrant(key(kAccess, name));
  const Result<std::optional<Grant>> grant = co_await finding;
  if (!grant) co_return grant.error();
  const std::vector<std::string> names{name};
  if (*grant) {
    const std::string list = key(kTokens, (*grant)->client.id);
    const Result<std::int64_t> unlisted = co_await client().removeScored(list, names);
    if (!unlisted) co_return unlisted.error();
  }
  const std::string access = key(kAccess, name);
  const Result<bool> removed = co_await removeNamed(access);
  if (!removed) co_return removed.error();
  if (!*removed) co_return false;  // some other key, perhaps of somebody else's
  const Result<std::int64_t> gone = co_await site_.sessions.remove(names);
  if (!gone) co_return gone.error();
  co_return true;
}

Store::Task<std::int64_t> Store::removeTokens(const std::string& client_id) {
  const Result<std::vector<ListedToken>> listed = co_await tokens(client_id);
  if (!listed) co_return listed.error();
  if (listed->empty()) co_return 0;
  std::vector<std::string> names;
  std::vector<std::string> keys;
  for (const ListedToken& token : *listed) {
    names.push_back(token.name);
    keys.push_back(key(kAccess, token.name));
  }
  keys.push_back(key(kTokens, client_id));
  const Result<std::int64_t> gone = co_await site_.sessions.remove(names);
  if (!gone) co_return gone.error();
  const Result<std::int64_t> removed = co_await client().remove(keys);
  if (!removed) co_return removed.error();
  co_return static_cast<std::int64_t>(names.size());
}

Store::Task<std::vector<ListedToken>> Store::tokens(const std::string& client_id) {
  const std::string list = key(kTokens, client_id);
  const auto retain = site_.config.identity.oauth.token_expired_retain_period.count();
  if (retain > 0) {
    const auto past = static_cast<double>(unixSeconds() - retain);
    const Result<std::int64_t> dropped = co_await client().removeByScore(list, kBegin, past);
    if (!dropped) co_return dropped.error();
  }
  const Result<std::vector<storage::Scored>> scored = co_await client().rangeScored(list, 0, -1);
  if (!scored) co_return scored.error();
  std::vector<ListedToken> found;
  for (const storage::Scored& one : *scored) {
    found.push_back({one.member, static_cast<std::int64_t>(one.score)});
  }
  co_return found;
}

storage::StoreTask<bool> purgeLapsed(const Site& site) {
  storage::KeyStoreClient& client = site.sessions.client();
  const Result<bool> mine = co_await client.set(kLock, "1", kLockTime, storage::SetIf::kAbsent);
  if (!mine || !*mine) co_return mine;
  const auto retain = site.config.identity.oauth.token_expired_retain_period.count();
  const auto past = static_cast<double>(unixSeconds() - retain);
  const std::string middle = "." + std::string(kTokens);
  std::string from;
  do {
    const Result<storage::KeyPage> page = co_await client.scan(kAll, from);
    if (!page) co_return page.error();
    for (const std::string& found : page->keys) {
      if (found.find(middle) == std::string::npos) continue;
      const Result<std::int64_t> dropped = co_await client.removeByScore(found, kBegin, past);
      if (!dropped) co_return dropped.error();
    }
    from = page->next;
  } while (!from.empty());
  const std::vector<std::string> lock{std::string(kLock)};
  const Result<std::int64_t> freed = co_await client.remove(lock);
  if (!freed) co_return freed.error();
  co_return true;
}

}  // namespace tykpp::oauth
