#pragma once
// What the workers serve: the APIs of one load and the router over them. Immutable; built on the
// main thread, published to each worker, freed on the main thread when the last request on it has
// ended.

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analytics/api_traffic.hpp"
#include "chain/chain.hpp"
#include "definition/api_spec.hpp"
#include "definition/problem.hpp"
#include "events/emitter.hpp"
#include "gateway/version_links.hpp"
#include "hooks/hook_step.hpp"
#include "middleware/version_choice.hpp"
#include "route/router.hpp"
#include "upstream/credential.hpp"
#include "upstream/endpoint.hpp"

namespace tykpp::gateway {

class BundleLoader;
class EventCenter;
class PluginStamps;

/// One API ready to run. Survives a reload unchanged when its definition and plugins did.
struct ApiRuntime {
  std::shared_ptr<const definition::ApiSpec> spec;
  std::shared_ptr<const definition::ApiSpec> defined;  ///< without what the bundle's manifest says
  std::string plugin_stamp;  ///< of the plugins' files when they were loaded
  bool oauth = false;        ///< the API has an authorisation server (OAuthRules::enabled)
  bool broken = false;       ///< a plugin could not be loaded: its hook refuses every request
  std::unique_ptr<const events::Emitter> events;  ///< null: nobody handles the API's events
  chain::Chain chain;
  chain::Chain rate_limits;  ///< in its place for the page of that name; empty on keyless APIs
  std::shared_ptr<const upstream::Endpoint> endpoint;                ///< of spec->target
  std::vector<std::shared_ptr<const upstream::Endpoint>> endpoints;  ///< of spec->targets
  std::unique_ptr<const analytics::ApiTraffic> traffic;  ///< null: requests are not recorded
  /// What endpoints are made from where URL rewrites lead to hosts of their own; null: none does.
  std::shared_ptr<const upstream::Endpoint> rewrite_model;
  std::optional<upstream::Credential> credential;   ///< views: into the spec
  std::shared_ptr<hooks::AnalyticsHook> analytics;  ///< null: none
  std::string expiry_line;   ///< the header line that tells when the API ends, or nothing
  std::string answer_lines;  ///< header lines of every proxied answer without a session
  bool tells_quotas = true;  ///< header lines have the session's quota; else limiters add theirs
  mutable std::atomic<std::uint32_t> next_target{0};  ///< round robin over all workers
  /// Null: the API has no versions. Else nothing of the above serves a request before it was asked.
  std::unique_ptr<const middleware::VersionChoice> choice;
  /// Each of `spec->versioning->versions`, ready to run with what it has in common with this one.
  std::vector<std::shared_ptr<const ApiRuntime>> versions;
};

/// A port that APIs opened beside the gateway's own.
struct OwnPort {
  std::uint16_t port = 0;
  bool tls = false;
  std::shared_ptr<const route::Router> router;  ///< its indexes are those of Snapshot::apis
};

struct Snapshot {
  Snapshot(std::vector<std::shared_ptr<const ApiRuntime>> list,
           std::shared_ptr<const route::Router> made, std::vector<OwnPort> own = {})
      : apis(std::move(list)),
        router(std::move(made)),
        ports(std::move(own)),
        children(linkVersions(apis)) {}
  std::vector<std::shared_ptr<const ApiRuntime>> apis;
  std::shared_ptr<const route::Router> router;  ///< its indexes are those of `apis`
  std::vector<OwnPort> ports;                   ///< sorted by port
  VersionLinks children;                        ///< versions that are other APIs of `apis`

  /// The router of a port of APIs, null when no API is there.
  const route::Router* routerOf(std::uint16_t port) const noexcept {
    const auto found = std::lower_bound(
        ports.begin(), ports.end(), port,
        [](const OwnPort& entry, std::uint16_t wanted) { return entry.port < wanted; });
    return found != ports.end() && found->port == port ? found->router.get() : nullptr;
  }
};

/// What a build made, with what it had to leave out.
struct BuiltSnapshot {
  std::shared_ptr<const Snapshot> snapshot;
  definition::Problems problems;
};

/// Builds runtimes from specs. Thread: main.
class SnapshotBuilder {
 public:
  /// @param bundles  gives APIs the hooks of their bundles; null: an API with a bundle is an error
  /// @param events  makes the APIs' emitters; null: no events are fired
  /// @param keyrings,cache  chain::BuildContext
  SnapshotBuilder(const definition::GatewayConfig& config, drivers::DriverRegistry& drivers,
                  std::uint32_t workers, BundleLoader* bundles = nullptr,
                  EventCenter* events = nullptr, session::Keyrings* keyrings = nullptr,
                  storage::CacheClients* cache = nullptr)
      : config_(config),
        drivers_(drivers),
        bundles_(bundles),
        events_(events),
        keyrings_(keyrings),
        cache_(cache),
        workers_(workers),
        endpoints_(workers) {
    if (config.enable_analytics)
      traffic_ = std::make_shared<const analytics::TrafficSettings>(config);
  }
  /// @param specs     as the definitions say; those with a bundle get its hooks here
  /// @param previous  the running snapshot or null: its runtimes go on serving APIs that did not
  ///                  change, and those that cannot be built any more
  BuiltSnapshot build(const std::vector<std::shared_ptr<const definition::ApiSpec>>& specs,
                      const Snapshot* previous);

 private:
  using Spec = std::shared_ptr<const definition::ApiSpec>;
  using Runtime = std::shared_ptr<const ApiRuntime>;
  /// @param broken  chain::BuildContext::broken
  Result<Runtime> makeRuntime(const Spec& defined, Spec spec, std::string stamp,
                              std::vector<Error>* broken);
  /// Upstreams, chain, lines of answers. @param api  of a version: its API's; null: of an API
  Result<void> fill(ApiRuntime& runtime, const Spec& spec, std::vector<Error>* broken,
                    const ApiRuntime* api);
  Result<void> addVersions(ApiRuntime& runtime, std::vector<Error>* broken);
  /// The running one, a new one, or what is left of it when that fails; null: it is not served.
  Runtime runtimeFor(const Spec& defined, const Runtime& running, PluginStamps& stamps,
                     definition::Problems& problems);
  /// Leaves out APIs that want another protocol on a port that somebody before them opened.
  std::vector<Runtime> withoutPortConflicts(std::vector<Runtime> apis,
                                            definition::Problems& problems) const;
  /// A router for each port.
  std::shared_ptr<const Snapshot> route(std::vector<Runtime> apis,
                                        definition::Problems& problems) const;
  std::uint16_t portOf(const definition::ApiSpec& spec) const noexcept;
  const definition::GatewayConfig& config_;
  drivers::DriverRegistry& drivers_;
  BundleLoader* bundles_;
  EventCenter* events_;
  session::Keyrings* keyrings_;
  storage::CacheClients* cache_;
  std::uint32_t workers_;
  upstream::EndpointRegistry endpoints_;
  std::shared_ptr<const analytics::TrafficSettings> traffic_;  // null: nothing is recorded
};

}  // namespace tykpp::gateway
