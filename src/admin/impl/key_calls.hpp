#pragma once
// `/tyk/keys…`: the calls on keys (spec/admin-api.md section 7). Each is a task on the main loop
// that answers, whatever happens; what they write is in force at once on every gateway of the
// store.

#include <memory>
#include <string>
#include <vector>

#include "admin/admin_api.hpp"
#include "admin/impl/key_writer.hpp"
#include "net/task.hpp"
#include "session/session_store.hpp"

namespace tykpp::admin {

/// Thread: main. The object outlives its tasks.
class KeyCalls {
 public:
  using Answer = net::Task<AdminReply>;

  explicit KeyCalls(Control& control) : control_(control), writer_(control) {}

  Answer create(AdminRequest request);
  Answer preview(AdminRequest request);
  /// POST and PUT. @param id  of the path, empty for POST /keys
  Answer write(std::string id, AdminRequest request);
  Answer get(std::string id, AdminRequest request);
  Answer list(AdminRequest request);
  Answer remove(std::string id, AdminRequest request);
  /// `/keys/policy/{hash}`
  Answer setPolicies(std::string hash, AdminRequest request);

 private:
  using Found = std::optional<session::StoredSession>;

  /// The key that a call with `username=true` means.
  std::string named(const std::string& id, const AdminRequest& request) const;
  storage::StoreTask<Found> find(const std::string& org_id, const std::string& key, bool hashed);
  Answer writeOne(const std::string& key, const AdminRequest& request);
  Answer getOne(const std::string& key, const AdminRequest& request);
  Answer removeOne(const std::string& key, const AdminRequest& request);
  /// Those of the names whose session has rights to an API.
  storage::StoreTask<std::vector<std::string>> withRightTo(std::string api_id,
                                                           std::vector<std::string> names);

  Control& control_;
  KeyWriter writer_;
};

}  // namespace tykpp::admin
