#pragma once
#include <memory>
#include <vector>

#include "base/ip_network.hpp"
#include "chain/step.hpp"

namespace tykpp::events {
class Emitter;
}

namespace tykpp::middleware {

/// Lets addresses of the allow list in, keeps those of the block list out: 403 with the reference's
/// text. The allow list is asked first; entries that are no address and no network never match.
/// Thread: any worker. Source: `allowed_ips`, `blacklisted_ips`.
class IpAccess final : public chain::Step {
 public:
  static constexpr std::string_view kName = "ip_access";
  /// @return nothing when neither list counts
  static Result<std::vector<std::unique_ptr<chain::Step>>> create(const chain::BuildContext& build);
  /// What create() found out.
  struct Lists {
    bool allow_only = false;  ///< there is an allow list, maybe of entries that never match
    std::vector<IpNetwork> allowed;
    std::vector<IpNetwork> blocked;
    int xff_depth = 0;
  };
  /// @param events  gets AuthFailure with the address for a key; null: nobody handles it
  explicit IpAccess(Lists lists, const events::Emitter* events = nullptr)
      : lists_(std::move(lists)), events_(events) {}
  std::string_view name() const noexcept override { return kName; }
  Result<chain::Verdict> onRequest(http::Exchange& exchange) const override;

 private:
  bool mayPass(std::string_view address) const noexcept;
  Lists lists_;
  const events::Emitter* events_;
};

}  // namespace tykpp::middleware
