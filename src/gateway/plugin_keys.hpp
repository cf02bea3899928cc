#pragma once
// The keys that scripts read and write (`TykGetKeyData`, `TykSetKeyData`): what the control API's
// key calls say and do, asked from a worker.

#include "admin/admin_api.hpp"
#include "drivers/key_access.hpp"
#include "net/loop.hpp"

namespace tykpp::gateway {

/// Thread: any; the calls themselves run on the main thread.
class PluginKeys final : public drivers::KeyAccess {
 public:
  /// Runs a function on a worker.
  using Post = std::function<void(std::uint32_t worker, std::function<void()> fn)>;
  /// All must outlive the object and every answer that is due.
  PluginKeys(net::Loop& main, admin::AdminApi& api, Post post)
      : main_(main), api_(api), post_(std::move(post)) {}

  void getKey(std::uint32_t worker, std::string key, std::string api_id, Got done) override;
  void setKey(std::uint32_t worker, std::string key, std::string session_json,
              bool suppress_quota_reset, Set done) override;

 private:
  net::Loop& main_;
  admin::AdminApi& api_;
  Post post_;
};

}  // namespace tykpp::gateway
