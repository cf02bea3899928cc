#pragma once
// The control API below `/tyk/` and the health endpoints (spec/admin-api.md sections 1 to 5,
// spec/gateway-config.md sections 6.3 and 7). Enters: a whole request; leaves: a whole answer, at
// once or after a reload. Thread: main.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/control.hpp"
#include "admin/health.hpp"

namespace tykpp::admin {

/// A request to the control router, copied out of its exchange.
struct AdminRequest {
  std::string method;
  std::string path;   ///< decoded
  std::string query;  ///< behind `?`, as sent
  std::string body;
  std::string authorization;  ///< X-Tyk-Authorization
  std::string host;           ///< Host header
  std::string content_type{};
  /// Why the client's certificate does not do, where one is asked for; empty: it does.
  std::string certificate_problem{};
  /// A plugin's: a key that is made keeps its name, without the organisation in front.
  bool plain_name = false;
};

/// The answer to it.
struct AdminReply {
  std::uint16_t status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< beside Content-Type
};

/// Answers requests to the control router. One object a process.
class AdminApi {
 public:
  /// Bytes a request body may have: what a definition file may have.
  static constexpr std::size_t kMaxBodyBytes = 16 * 1024 * 1024;

  /// Both must outlive the object and every reply that is still due.
  AdminApi(Control& control, const HealthState& health);
  ~AdminApi();
  AdminApi(const AdminApi&) = delete;
  AdminApi& operator=(const AdminApi&) = delete;

  /// Whether a decoded path belongs to the control router: below `/tyk/`, or a health endpoint.
  /// Thread: any.
  bool isControlPath(std::string_view decoded_path) const noexcept;
  /// @param reply  called exactly once on this thread; later only for `reload?block=true`
  void handle(AdminRequest request, std::function<void(AdminReply)> reply);
  /// The same for the gateway's own parts, which need no secret.
  void handleTrusted(AdminRequest request, std::function<void(AdminReply)> reply);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tykpp::admin
