#pragma once
// `/tyk/org/keys…`: sessions of organisations (spec/admin-api.md section 8). Thread: main.

#include <string>

#include "admin/admin_api.hpp"
#include "net/task.hpp"

namespace tykpp::admin {

/// The object outlives its tasks.
class OrgCalls {
 public:
  using Answer = net::Task<AdminReply>;

  explicit OrgCalls(Control& control) : control_(control) {}

  Answer list(AdminRequest request);
  Answer get(std::string org_id);
  /// POST and PUT.
  Answer write(std::string org_id, AdminRequest request);
  Answer remove(std::string org_id);

 private:
  bool served(const std::string& org_id) const;
  Control& control_;
};

}  // namespace tykpp::admin
