#pragma once
// What is recorded of one API's requests. Enters: an exchange whose answer is out; leaves: the
// record as plugins see it, then as it is stored. Thread: any worker, several at once; immutable.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/local_clock.hpp"
#include "analytics/path_normaliser.hpp"
#include "base/clock.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "http/exchange.hpp"
#include "http/traffic_record.hpp"

namespace tykpp::analytics {

/// Who made the answer.
enum class Ending : std::uint8_t {
  kUpstream,
  kStep,   ///< a step or plugin, in place of the upstream
  kError,  ///< the gateway refused or failed
};

/// What is the same for all APIs.
class TrafficSettings {
 public:
  explicit TrafficSettings(const definition::GatewayConfig& config);
  /// `analytics_config.ignored_ips`
  bool ignores(std::string_view address) const noexcept;

  const definition::GatewayConfig& config;  ///< outlives the object
  const PathNormaliser normaliser;
};

class ApiTraffic {
 public:
  /// @param spec  outlives the object
  ApiTraffic(const definition::ApiSpec& spec, std::shared_ptr<const TrafficSettings> settings);

  /// Whether the request is recorded at all.
  bool records(const http::Exchange& exchange) const noexcept;
  /// Whether request and answer are recorded word for word.
  bool isDetailed(const http::Exchange& exchange) const noexcept;
  /// The record before a plugin sees it, but for what is word for word.
  /// @param took  from the request's head to the end of the answer
  void fill(http::Exchange& exchange, Ending ending, Clock::duration took, LocalClock& clock,
            http::TrafficRecord& record) const;
  /// Makes it what is stored: the key's hash in place of the key, the gateway's own tags.
  void complete(http::Exchange& exchange, http::TrafficRecord& record) const;

 private:
  using Tags = std::pmr::vector<std::string_view>;
  void addSessionTags(const http::Exchange& exchange, Arena& arena, Tags& tags) const;
  void addHeaderTags(const http::Exchange& exchange, Arena& arena, Tags& tags) const;
  void fillTime(LocalClock& clock, http::TrafficRecord& record) const;

  const definition::ApiSpec& spec_;
  const std::shared_ptr<const TrafficSettings> settings_;
};

/// A request as it is recorded: what the chain made of it, without the listen path where that is
/// taken off. Views: into the exchange.
struct RecordedRequest {
  std::string_view method;
  std::string_view host;      ///< of a rewritten URL that leads away; empty: the API's target
  std::string_view path;      ///< decoded
  std::string_view raw_path;  ///< escaped, as far as that is known
  std::string_view query;
  bool has_query = false;
};
RecordedRequest recordedRequest(http::Exchange& exchange, const definition::ApiSpec& spec,
                                Ending ending);

/// What there is to record of a request before it is known how it went. Views: into the exchange
/// and the spec.
http::TrafficRecord recordOf(const http::Exchange& exchange, const definition::ApiSpec& spec);

}  // namespace tykpp::analytics
