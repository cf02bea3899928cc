#pragma once
// `/tyk/policies…`: the calls on policies (spec/admin-api.md section 9). They show what is loaded
// and write files; what they write is in force after the next reload. Thread: main.

#include <string>

#include "admin/admin_api.hpp"

namespace tykpp::admin {

class PolicyCalls {
 public:
  explicit PolicyCalls(Control& control) : control_(control) {}

  AdminReply list() const;
  AdminReply get(const std::string& id) const;
  /// POST and PUT. @param id  of the path, empty without one
  AdminReply write(const std::string& id, const AdminRequest& request);
  AdminReply remove(const std::string& id);

 private:
  bool allowed(const std::string& id) const;
  std::string directory() const;
  Control& control_;
};

}  // namespace tykpp::admin
