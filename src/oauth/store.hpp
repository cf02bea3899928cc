#pragma once
// Clients, codes and tokens of one API in the store (spec/storage-and-analytics.md sections 3 and
// 6). Sessions of access tokens are keys like others.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "oauth/client.hpp"
#include "oauth/site.hpp"

namespace tykpp::oauth {

/// A token of a client: its name in the store, and until when it is good.
struct ListedToken {
  std::string name;
  std::int64_t expires = 0;  ///< unix seconds
};

/// Small; made for a call. Thread: the site's loop. Site and texts passed in outlive the tasks.
class Store {
 public:
  template <class T>
  using Task = storage::StoreTask<T>;

  Store(const Site& site, std::string_view api_id, std::string_view org_id);

  Task<std::optional<Client>> findClient(const std::string& id);
  Task<bool> saveClient(const Client& client);
  /// @return whether it was there
  Task<bool> removeClient(const std::string& id);
  /// In the order of their ids.
  Task<std::vector<Client>> clients();

  Task<bool> saveCode(const Grant& grant);
  Task<std::optional<Grant>> findCode(const std::string& code);
  /// @return whether this call removed it: a code is good once
  Task<bool> removeCode(const std::string& code);

  /// Stores a token with its session and, unless empty, its refresh token.
  /// @param session  of the access token, its lifetime in it
  Task<bool> saveTokens(const Grant& grant, const session::SessionData& session);
  Task<std::optional<Grant>> findRefresh(const std::string& token);
  Task<bool> removeRefresh(const std::string& token);
  /// Its session goes with it.
  Task<bool> removeAccess(const std::string& token);
  /// Every token of a client; refresh tokens stay, as in the original. @return how many
  Task<std::int64_t> removeTokens(const std::string& client_id);
  /// By their ends; those that ended long ago are dropped first.
  Task<std::vector<ListedToken>> tokens(const std::string& client_id);

 private:
  std::string key(std::string_view kind, std::string_view name) const;
  Task<bool> forgetInSet(const std::string& id);
  Task<std::vector<std::string>> clientKeys();
  Task<std::optional<Grant>> findGrant(std::string key);
  Task<bool> removeNamed(const std::string& name);
  storage::KeyStoreClient& client() const { return site_.sessions.client(); }

  const Site& site_;
  std::string prefix_;  ///< `oauth-data.<api>.`
  std::string index_;   ///< of the organisation's clients
};

/// Drops lapsed tokens of all APIs, on one gateway at a time. @error the store's
storage::StoreTask<bool> purgeLapsed(const Site& site);

}  // namespace tykpp::oauth
