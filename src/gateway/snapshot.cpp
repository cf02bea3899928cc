#include "gateway/snapshot.hpp"

#include <algorithm>
#include <ctime>
#include <map>
#include <string_view>
#include <unordered_map>

#include "definition/auth_rules.hpp"
#include "definition/listener_rules.hpp"
#include "definition/transform_rules.hpp"
#include "gateway/bundle_loader.hpp"
#include "gateway/chain_order.hpp"
#include "gateway/event_center.hpp"
#include "gateway/plugin_files.hpp"
#include "gateway/rate_limits.hpp"
#include "gateway/traffic_center.hpp"

namespace tykpp::gateway {
namespace {

using RuntimeMap = std::unordered_map<std::string_view, std::shared_ptr<const ApiRuntime>>;

RuntimeMap byId(const Snapshot* snapshot) {
  RuntimeMap map;
  if (snapshot == nullptr) return map;
  map.reserve(snapshot->apis.size());
  for (const auto& api : snapshot->apis) map.emplace(api->spec->api_id, api);
  return map;
}

/// Equal definitions with equal plugin files make equal chains.
bool reusable(const ApiRuntime& running, const definition::ApiSpec& spec,
              const std::string& stamp) {
  if (running.plugin_stamp != stamp) return false;
  if (running.spec.get() == &spec) return true;
  return running.spec->checksum == spec.checksum && running.spec->listen_path == spec.listen_path;
}

bool usesTls(const definition::ApiSpec& spec) noexcept {
  return spec.listener != nullptr && spec.listener->protocol == "https";
}

/// Whether a router over one list answers for the other too: a change of targets or plugins, the
/// usual reload, moves no route.
bool sameRoutes(const std::vector<std::shared_ptr<const ApiRuntime>>& a,
                const std::vector<std::shared_ptr<const ApiRuntime>>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    if (x == y) return true;
    const definition::ApiSpec& one = *x->spec;
    const definition::ApiSpec& other = *y->spec;
    return one.api_id == other.api_id && one.listen_path == other.listen_path &&
           one.domain == other.domain && one.domain_disabled == other.domain_disabled &&
           one.internal == other.internal && one.listen_port == other.listen_port &&
           usesTls(one) == usesTls(other);
  });
}

void reportRefused(const Snapshot& snapshot, definition::Problems& problems) {
  const auto report = [&](const route::Router& router) {
    for (const route::Refused& refused : router.refused()) {
      problems.push_back({definition::Severity::kError, snapshot.apis[refused.index]->spec->file,
                          refused.error.where(), refused.error.message()});
    }
  };
  report(*snapshot.router);
  for (const OwnPort& own : snapshot.ports) report(*own.router);
}

/// Whether URL rewrites may lead to other hosts than the API's.
bool leavesTarget(const definition::ApiSpec& spec) noexcept {
  return spec.transforms != nullptr &&
         std::any_of(spec.transforms->rewrites.begin(), spec.transforms->rewrites.end(),
                     &definition::mayLeaveTarget);
}

/// `X-Tyk-Api-Expires`, or nothing.
std::string expiryLine(const definition::ApiSpec& spec) {
  if (!spec.expires_at || *spec.expires_at <= 0) return {};
  const std::time_t time = *spec.expires_at;
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S UTC", &utc);
  return "X-Tyk-Api-Expires: " + std::string(text) + "\r\n";
}

/// No session, no limits: the reference says so with zeros on every proxied answer.
constexpr std::string_view kNoLimits =
    "X-Ratelimit-Limit: 0\r\nX-Ratelimit-Remaining: 0\r\nX-Ratelimit-Reset: 0\r\n";

}  // namespace

Result<void> SnapshotBuilder::fill(ApiRuntime& runtime, const Spec& spec,
                                   std::vector<Error>* broken, const ApiRuntime* api) {
  auto endpoint = endpoints_.get(spec->target, spec->tls, spec->trust.get());
  if (!endpoint) return endpoint.error();
  runtime.endpoint = *endpoint;
  for (const definition::TargetUrl& target : spec->targets) {
    auto listed = endpoints_.get(target, spec->tls, spec->trust.get());
    if (!listed) return listed.error();
    runtime.endpoints.push_back(*listed);
  }
  if (leavesTarget(*spec)) {
    definition::TargetUrl anywhere;
    anywhere.scheme = "https";
    auto model = endpoints_.get(anywhere, spec->tls);
    if (!model) return model.error();
    runtime.rewrite_model = *model;
  }
  const events::Emitter* emitter = api != nullptr ? api->events.get() : runtime.events.get();
  const chain::BuildContext context{*spec,  config_, workers_,  &drivers_,
                                    broken, emitter, keyrings_, cache_};
  auto chain = chain::Chain::build(context, requestOrder(), responseOrder(),
                                   api != nullptr ? &api->chain : nullptr);
  if (!chain) return chain.error();
  runtime.chain = std::move(*chain);
  if (!spec->use_keyless && keyrings_ != nullptr) {
    runtime.rate_limits = rateLimitsChain(context, runtime.chain);
  }
  if (config_.enable_analytics && !spec->do_not_track) {
    if (api != nullptr) {
      runtime.analytics = api->analytics;
    } else {
      auto analytics = hooks::createAnalyticsHook(context);
      if (!analytics) return analytics.error();
      runtime.analytics = std::move(*analytics);
    }
    // Without Redis a record is made for a plugin alone.
    if (runtime.analytics != nullptr || TrafficCenter::stores(config_)) {
      runtime.traffic = std::make_unique<const analytics::ApiTraffic>(*spec, traffic_);
    }
  }
  runtime.oauth = spec->auth != nullptr && spec->auth->oauth.enabled && keyrings_ != nullptr;
  if (spec->auth != nullptr && spec->auth->upstream.enabled)
    runtime.credential = upstream::Credential{std::string_view(spec->auth->upstream.header),
                                              spec->auth->upstream.value};
  runtime.expiry_line = expiryLine(*spec);
  runtime.tells_quotas = config_.identity.limiter.rate_limit_response_headers == "quotas";
  runtime.answer_lines = std::string(runtime.tells_quotas ? kNoLimits : "") + runtime.expiry_line;
  runtime.spec = spec;
  return {};
}

Result<void> SnapshotBuilder::addVersions(ApiRuntime& runtime, std::vector<Error>* broken) {
  const auto& rules = runtime.spec->versioning;
  if (rules == nullptr) return {};
  auto choice = middleware::VersionChoice::create(
      rules, {runtime.spec->slug, config_.version_header, runtime.events.get()});
  if (!choice) return choice.error();
  runtime.choice = std::move(*choice);
  for (const definition::ApiVersion& version : rules->versions) {
    auto made = std::make_shared<ApiRuntime>();
    if (auto filled = fill(*made, version.spec, broken, &runtime); !filled) return filled.error();
    runtime.versions.push_back(std::move(made));
  }
  return {};
}

Result<SnapshotBuilder::Runtime> SnapshotBuilder::makeRuntime(const Spec& defined, Spec spec,
                                                              std::string stamp,
                                                              std::vector<Error>* broken) {
  if (auto routable = route::Router::check(*spec, config_); !routable) return routable.error();
  auto runtime = std::make_shared<ApiRuntime>();
  if (events_ != nullptr) runtime->events = events_->emitterFor(*spec);
  if (auto filled = fill(*runtime, spec, broken, nullptr); !filled) return filled.error();
  if (auto added = addVersions(*runtime, broken); !added) return added.error();
  runtime->defined = defined;
  runtime->plugin_stamp = std::move(stamp);
  runtime->broken = broken != nullptr && !broken->empty();
  return Runtime(std::move(runtime));
}

SnapshotBuilder::Runtime SnapshotBuilder::runtimeFor(const Spec& defined, const Runtime& running,
                                                     PluginStamps& stamps,
                                                     definition::Problems& problems) {
  const std::string& id = defined->api_id;
  Result<Spec> spec = defined;
  if (bundles_ != nullptr) spec = bundles_->resolve(defined, running.get(), problems);
  std::string stamp = spec ? stamps.of(**spec) : std::string{};
  const bool running_well = running != nullptr && !running->broken;
  if (spec && running_well && reusable(*running, **spec, stamp)) return running;
  // Only an API with nothing better to go on with takes hooks that refuse.
  std::vector<Error> broken;
  Result<Runtime> made =
      spec ? makeRuntime(defined, *spec, std::move(stamp), running_well ? nullptr : &broken)
           : spec.error();
  const auto report = [&](const Error& error, const std::string& outcome) {
    problems.push_back({definition::Severity::kError, defined->file, error.where(),
                        error.message() + "; " + outcome});
  };
  if (made) {
    for (const Error& error : broken) {
      report(error, "API " + id + " refuses the requests that reach this hook");
    }
    return *made;
  }
  report(made.error(), running_well ? "the last good version of API " + id + " keeps serving"
                       : running != nullptr ? "API " + id + " stays as it was"
                                            : "API " + id + " is not loaded");
  return running;
}

BuiltSnapshot SnapshotBuilder::build(
    const std::vector<std::shared_ptr<const definition::ApiSpec>>& specs,
    const Snapshot* previous) {
  BuiltSnapshot built;
  const RuntimeMap running = byId(previous);
  std::vector<std::shared_ptr<const ApiRuntime>> apis;
  apis.reserve(specs.size());
  PluginStamps stamps(config_);
  for (const auto& spec : specs) {
    const auto known = running.find(spec->api_id);
    Runtime runtime =
        runtimeFor(spec, known != running.end() ? known->second : nullptr, stamps, built.problems);
    if (runtime != nullptr) apis.push_back(std::move(runtime));
  }
  if (bundles_ != nullptr) bundles_->keepOnly(specs);
  apis = withoutPortConflicts(std::move(apis), built.problems);
  if (previous != nullptr && sameRoutes(apis, previous->apis)) {
    built.snapshot = std::make_shared<Snapshot>(std::move(apis), previous->router, previous->ports);
    reportRefused(*built.snapshot, built.problems);
  } else {
    built.snapshot = route(std::move(apis), built.problems);
  }
  reportMissingVersions(*built.snapshot, built.problems);
  return built;
}

std::uint16_t SnapshotBuilder::portOf(const definition::ApiSpec& spec) const noexcept {
  return spec.listen_port != 0 ? spec.listen_port : config_.listen_port;
}

std::vector<SnapshotBuilder::Runtime> SnapshotBuilder::withoutPortConflicts(
    std::vector<Runtime> apis, definition::Problems& problems) const {
  std::unordered_map<std::uint16_t, const definition::ApiSpec*> first;
  std::erase_if(apis, [&](const Runtime& api) {
    const definition::ApiSpec& spec = *api->spec;
    if (spec.internal) return false;
    const definition::ApiSpec* opener = first.emplace(portOf(spec), &spec).first->second;
    if (usesTls(*opener) == usesTls(spec)) return false;
    problems.push_back({definition::Severity::kError, spec.file, "/protocol",
                        "port " + std::to_string(portOf(spec)) + " speaks " +
                            opener->listener->protocol + " for API " + opener->api_id + "; API " +
                            spec.api_id + " is not loaded"});
    return true;
  });
  return apis;
}

std::shared_ptr<const Snapshot> SnapshotBuilder::route(std::vector<Runtime> apis,
                                                       definition::Problems& problems) const {
  std::map<std::uint16_t, std::vector<route::RouteEntry>> entries;
  entries[config_.listen_port];  // it answers, be there APIs or not
  for (std::uint32_t i = 0; i < apis.size(); ++i) {
    entries[portOf(*apis[i]->spec)].push_back({apis[i]->spec.get(), i});
  }
  std::shared_ptr<const route::Router> main;
  std::vector<OwnPort> ports;
  for (const auto& [port, list] : entries) {
    auto router = std::make_shared<const route::Router>(list, config_);
    if (port == config_.listen_port) {
      main = std::move(router);
    } else {
      ports.push_back({port, usesTls(*list.front().api), std::move(router)});
    }
  }
  auto snapshot =
      std::make_shared<const Snapshot>(std::move(apis), std::move(main), std::move(ports));
  reportRefused(*snapshot, problems);
  return snapshot;
}

}  // namespace tykpp::gateway
