#pragma once
// `/tyk/oauth…`: clients and tokens of authorisation servers (spec/admin-api.md section 11).
// Thread: main.

#include <memory>
#include <string>
#include <vector>

#include "admin/admin_api.hpp"
#include "net/task.hpp"
#include "oauth/store.hpp"

namespace tykpp::admin {

/// The object outlives its tasks.
class OAuthCalls {
 public:
  using Answer = net::Task<AdminReply>;

  explicit OAuthCalls(Control& control) : control_(control) {}

  Answer create(AdminRequest request);
  Answer list(std::string api_id);
  Answer get(std::string api_id, std::string id);
  Answer update(std::string api_id, std::string id, AdminRequest request);
  Answer rotate(std::string api_id, std::string id);
  Answer remove(std::string api_id, std::string id);
  Answer tokens(std::string api_id, std::string id, AdminRequest request);
  /// The APIs that know a client.
  Answer apisOf(std::string id, AdminRequest request);
  Answer removeRefresh(std::string token, AdminRequest request);
  Answer revoke(AdminRequest request);
  Answer revokeAll(AdminRequest request);
  Answer purge(AdminRequest request);

 private:
  using Api = std::shared_ptr<const definition::ApiSpec>;
  Api find(const std::string& api_id) const;
  /// Of an organisation, or all with an empty one: those with an authorisation server.
  std::vector<Api> servers(const std::string& org_id) const;
  oauth::Store storeOf(const Api& api) const;
  /// APIs among `apis` that know a client. @error the store's
  storage::StoreTask<std::vector<Api>> knowing(std::string id, std::vector<Api> apis) const;

  Control& control_;
};

}  // namespace tykpp::admin
