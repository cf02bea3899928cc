#pragma once
// What creating and changing a key have in common: policies, checks, expiry, quota, storing.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/control.hpp"
#include "net/task.hpp"
#include "session/session_data.hpp"
#include "session/session_store.hpp"

namespace tykpp::admin {

/// Thread: main. The object outlives its tasks; what they are passed by reference lives until they
/// are over.
class KeyWriter {
 public:
  explicit KeyWriter(Control& control) : control_(control) {}

  /// Why a key is not stored.
  enum class Problem : std::uint8_t { kMasterKey, kPolicies, kGone, kStore };
  struct Refusal {
    Problem problem;
    Error error;  ///< what policies or the store say
  };

  /// How a key is to be stored.
  struct Order {
    std::string name;  ///< in the store, without prefix
    bool keep_counters = false;
    storage::SetIf condition = storage::SetIf::kAlways;
  };

  /// A name of its own for a call's coroutine: nothing when the session was stored.
  net::Task<std::optional<Refusal>> store(const Order& order, session::SessionData& session);
  /// Why certificates that a key is bound to cannot be: the caller's 400. @param known  ids that
  /// need no check. @error the store's
  storage::StoreTask<std::optional<std::string>> badBinding(const session::SessionData& session,
                                                            const std::vector<std::string>& known);
  /// Whether the certificate store has it. @error the store's
  storage::StoreTask<bool> hasCertificate(const std::string& id);
  /// Hashes the password of a basic-auth key, where it is a new one. @param before  null: none
  storage::StoreTask<bool> keepPassword(session::SessionData& session,
                                        const session::SessionData* before);

 private:
  using Api = std::shared_ptr<const definition::ApiSpec>;
  /// Loaded APIs that the session may use; all of them for a master key.
  std::vector<Api> apisOf(const session::SessionData& session) const;
  Result<void> apply(session::SessionData& session, const std::vector<Api>& apis) const;
  storage::StoreTask<bool> startTrial(const std::string& name, session::SessionData& session);
  std::int64_t lifetime(const session::SessionData& session, const std::vector<Api>& apis) const;

  Control& control_;
};

}  // namespace tykpp::admin
