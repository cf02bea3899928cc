#pragma once
// Sessions in the store: names, look-up as the original does it, writing with lifetime, and telling
// other gateways. One object a loop, over that loop's client.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "definition/gateway_config.hpp"
#include "session/session_data.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::session {

/// A session as it was read.
struct StoredSession {
  std::string key;    ///< its name in the store without prefix: the token or the token's hash
  std::string token;  ///< what it is known by; the hash when it was asked for by hash
  SessionData data;
  std::size_t bytes = 0;  ///< of its JSON
};

/// Thread: its loop's. Tasks are bounded by the store's timeout; errors are the store's.
class SessionStore {
 public:
  /// Called after each write and removal with the session's name, before other gateways hear of it.
  using Changed = std::function<void(std::string_view key)>;
  template <class T>
  using Task = storage::StoreTask<T>;
  using View = std::string_view;

  static constexpr std::string_view kPrefix = "apikey-";

  /// Client and configuration must outlive the object. @param changed  may be empty
  SessionStore(storage::KeyStoreClient& client, const definition::GatewayConfig& config,
               Changed changed);

  storage::KeyStoreClient& client() noexcept { return client_; }

  /// The name of a token's session: the token, or its hash with `hash_keys`.
  std::string nameOf(View token) const;
  /// Tokens that a credential may stand for in an organisation, in the order in which they are
  /// tried.
  std::vector<std::string> candidates(View org_id, View key) const;

  /// The session that a client's credential names, policies not applied.
  /// @return nothing when there is none; a session that cannot be read counts as none and is logged
  Task<std::optional<StoredSession>> find(View org_id, View key);
  /// The session of a name in the store. @param token  what it shall be known by
  Task<std::optional<StoredSession>> findByName(View name, View token);
  /// @param lifetime  seconds; 0 and below: for good
  /// @return whether the condition was met
  Task<bool> save(View name, const SessionData& session, std::int64_t lifetime,
                  storage::SetIf condition);
  /// Removes sessions. @return how many there were
  Task<std::int64_t> remove(storage::Words names);
  /// Names of all sessions that begin with `prefix`, without the store's prefix; unordered.
  Task<std::vector<std::string>> list(View prefix);
  /// Tells other gateways, and this one's caches.
  Task<std::int64_t> tellChanged(storage::Words names);

 private:
  std::optional<StoredSession> read(std::string name, View token, const std::string& json) const;
  storage::KeyStoreClient& client_;
  const definition::GatewayConfig& config_;
  Changed changed_;
};

}  // namespace tykpp::session
