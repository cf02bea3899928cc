#pragma once
// Endpoints that only requests name: rewritten URLs lead to hosts that no definition spells out.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "upstream/endpoint.hpp"

namespace tykpp::upstream {

/// The endpoints used last, so that requests to one of them share connections. Bounded: the longest
/// unused goes first. Thread: one worker's.
class EndpointCache {
 public:
  static constexpr std::size_t kDefaultMost = 128;
  explicit EndpointCache(std::size_t most = kDefaultMost) : most_(most) {}

  struct Found {
    std::shared_ptr<const Endpoint> endpoint;
    std::string_view host_header;  ///< View: into the authority that was given
  };
  /// @param model      has the TLS options
  /// @param trust      what differs by host; may be null
  /// @param authority  `host[:port]`; user data in front is dropped
  /// @error kBadRequest  no authority
  Result<Found> get(const Endpoint& model, const Endpoint::Trust& trust, bool tls,
                    std::string_view authority);
  std::size_t size() const noexcept { return known_.size(); }

 private:
  std::size_t most_;
  std::vector<std::shared_ptr<const Endpoint>> known_;  ///< used last in front
};

}  // namespace tykpp::upstream
