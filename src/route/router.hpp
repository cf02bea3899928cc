#pragma once
// Finds the API of a request by its Host and path. Enters: the APIs of one snapshot and the
// configuration, once. Leaves: an index, without an allocation and at a cost that does not grow
// with the number of APIs. Thread: built on the main thread, then read by every worker at once.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tykpp::definition {
struct ApiSpec;
struct GatewayConfig;
}  // namespace tykpp::definition

namespace tykpp::route {

/// One API that wants requests. The order of entries is the order of their files: it breaks ties.
struct RouteEntry {
  const definition::ApiSpec* api;  ///< read while the router is built, not kept
  std::uint32_t index;             ///< comes back in Match::api_index
};

/// The API that a request belongs to.
struct Match {
  std::uint32_t api_index = 0;
  bool by_id = false;  ///< only `/<api_id>/` matched, not the listen path: nothing is stripped
  std::size_t matched_size =
      0;  ///< how many bytes of the decoded path the listen path (or the id) matched
  bool strict_miss = false;  ///< selected, but `enable_strict_routes` refuses it: 404
};

/// An entry that could not be routed. @see Router::refused
struct Refused {
  std::uint32_t index;
  Error error;  ///< `where()` is the Classic pointer: `/proxy/listen_path` or `/domain`
};

/// The first of these that matches wins (spec/api-definitions.md section 8.3): APIs with a domain
/// before those without (only with `enable_custom_domains`), longer listen paths first, plain ones
/// before templates, then file order. Each API answers under `/<api_id>/` and under its listen
/// path. Internal APIs have no route. Domains: `api.example.com`, `{name}.example.com`,
/// `{name:regex}.example.com`, and `*.example.com` (ours: one or more labels, tried after all
/// others). They compare as written; the port of the Host counts only when the domain names one.
class Router {
 public:
  Router(const std::vector<RouteEntry>& entries, const definition::GatewayConfig& config);
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// @param host  Host header, may carry a port
  std::optional<Match> match(std::string_view host, std::string_view decoded_path) const noexcept;
  /// Entries with a listen path or domain that cannot be compiled: they are not routed.
  const std::vector<Refused>& refused() const noexcept;
  /// Whether a router would take this API. For checks before a snapshot is built.
  /// @error  kBadDefinition, as in Refused
  static Result<void> check(const definition::ApiSpec& api,
                            const definition::GatewayConfig& config);

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace tykpp::route
