#pragma once
// `/tyk/certs…`: the certificate store (spec/admin-api.md section 10). Thread: main.

#include <string>

#include "admin/admin_api.hpp"
#include "net/task.hpp"

namespace tykpp::admin {

/// The object outlives its tasks.
class CertCalls {
 public:
  using Answer = net::Task<AdminReply>;

  explicit CertCalls(Control& control) : control_(control) {}

  Answer add(AdminRequest request);
  /// Ids of an organisation, or what the certificates say (`mode=detailed`).
  Answer list(AdminRequest request);
  /// @param ids  one, or several with commas between them
  Answer get(std::string ids);
  Answer remove(std::string id, AdminRequest request);

 private:
  Control& control_;
};

}  // namespace tykpp::admin
