#include "gateway/debug_center.hpp"

#include <algorithm>

#include "definition/classic.hpp"
#include "definition/limit_rules.hpp"
#include "definition/oas.hpp"
#include "definition/version_rules.hpp"
#include "session/limits.hpp"

namespace tykpp::gateway {
namespace {

/// Beyond the time that an upstream has.
constexpr std::chrono::milliseconds kSpareTime{30'000};
constexpr std::chrono::milliseconds kMostTime{600'000};
/// Numbers of their requests are apart from those that workers count.
constexpr std::uint64_t kDebugNumbers = std::uint64_t{1} << 47;

admin::DebugOutcome failure(std::string why) {
  admin::DebugOutcome outcome;
  outcome.failure = std::move(why);
  return outcome;
}

admin::DebugOutcome noChain(const log::Capture& log) {
  admin::DebugOutcome outcome;
  outcome.end = admin::DebugOutcome::End::kNoChain;
  outcome.logs = log.lines();
  return outcome;
}

void tellProblems(const definition::Problems& problems, log::Capture& log) {
  for (const definition::Problem& problem : problems) {
    const bool bad = problem.severity == definition::Severity::kError;
    log.add(bad ? spdlog::level::err : spdlog::level::warn,
            problem.pointer.empty() ? problem.reason
                                    : problem.reason + " at=" + log::quoted(problem.pointer));
  }
}

/// Quotas are counted for the definition, not for the keys.
void countApart(definition::ApiSpec& spec) {
  const std::string name = session::quotaName({}, spec.checksum);
  const auto change = [&name](definition::ApiSpec& one) {
    if (one.limits == nullptr) return;
    auto limits = std::make_shared<definition::LimitRules>(*one.limits);
    limits->number = definition::nextLimitRules();
    limits->quota_name = name;
    one.limits = std::move(limits);
  };
  change(spec);
  if (spec.versioning == nullptr) return;
  auto rules = std::make_shared<definition::VersionRules>(*spec.versioning);
  for (definition::ApiVersion& version : rules->versions) {
    auto own = std::make_shared<definition::ApiSpec>(*version.spec);
    change(*own);
    version.spec = std::move(own);
  }
  spec.versioning = std::move(rules);
}

std::chrono::milliseconds patienceFor(const definition::ApiSpec& spec,
                                      const definition::GatewayConfig& config) {
  const auto upstream = spec.enforced_timeout.value_or(
      std::chrono::duration_cast<std::chrono::milliseconds>(config.proxy_default_timeout));
  return std::min(std::max(upstream, std::chrono::milliseconds(0)) + kSpareTime, kMostTime);
}

}  // namespace

DebugCenter::Spec DebugCenter::read(const admin::DebugCall& call, log::Capture& log) const {
  definition::Problems problems;
  const definition::GatewayConfig& config = parts_.shared.config;
  auto spec = call.oas ? definition::parseOas(call.definition, "debug.json", config, problems)
                       : definition::parseClassic(call.definition, "debug.json", config, problems);
  if (spec) log.setFields({spec->api_id, spec->name, spec->org_id});
  tellProblems(problems, log);
  if (!spec) {
    if (problems.empty()) log.add(spdlog::level::err, spec.error().message());
    return nullptr;
  }
  countApart(*spec);
  definition::Problems of_bundle;
  auto resolved = parts_.bundles.resolve(
      std::make_shared<const definition::ApiSpec>(std::move(*spec)), nullptr, of_bundle);
  tellProblems(of_bundle, log);
  if (resolved) return *resolved;
  log.add(spdlog::level::err, resolved.error().message());
  return nullptr;
}

std::shared_ptr<const Snapshot> DebugCenter::build(const Spec& spec, log::Capture& log) const {
  // Not the gateway's builder: that one remembers what all APIs there are want.
  SnapshotBuilder builder(parts_.shared.config, parts_.drivers, parts_.workers, nullptr,
                          &parts_.events, &parts_.keyrings);
  const BuiltSnapshot built = builder.build({spec}, nullptr);
  tellProblems(built.problems, log);
  return built.snapshot->apis.empty() ? nullptr : built.snapshot;
}

void DebugCenter::run(admin::DebugCall call, std::function<void(admin::DebugOutcome)> done) {
  if (given_up_) return done(failure("the gateway is shutting down"));
  if (waiting_ >= kMostRuns || runs_.size() >= kMostEnding)
    return done(failure("too many debug calls at a time"));
  auto log = std::make_unique<log::Capture>(kMaxLogBytes);
  Spec spec;
  std::shared_ptr<const Snapshot> snapshot;
  {
    const log::Capture::Scope scope(*log);
    spec = read(call, *log);
    if (spec != nullptr) snapshot = build(spec, *log);
  }
  if (snapshot == nullptr) return done(noChain(*log));
  auto wire = http::wireRequest(call.request);
  if (!wire) return done(failure(wire.error().message()));
  start({parts_.worker,
         parts_.shared,
         std::move(snapshot),
         std::move(log),
         std::move(call.request),
         std::move(*wire),
         patienceFor(*spec, parts_.shared.config),
         kDebugNumbers + started_++ * DebugRun::kRequestNumbers,
         {},
         {}},
        std::move(done));
}

void DebugCenter::start(DebugRun::Parts parts, std::function<void(admin::DebugOutcome)> done) {
  parts.done = [this, done = std::move(done)](admin::DebugOutcome outcome) {
    parts_.main.post([this, done, outcome = std::move(outcome)] {
      --waiting_;
      done(outcome);
    });
  };
  parts.ended = [this](std::shared_ptr<DebugRun> run) {
    // The last reference goes on the main thread, and what chains are made of with it.
    parts_.main.post([this, run = std::move(run)] { runs_.erase(run); });
  };
  auto run = std::make_shared<DebugRun>(std::move(parts));
  runs_.insert(run);
  ++waiting_;
  parts_.worker.loop().post([run] { run->start(); });
}

void DebugCenter::giveUp() {
  given_up_ = true;
  for (const std::shared_ptr<DebugRun>& run : runs_) {
    parts_.worker.loop().post([this, run = run]() mutable {
      run->giveUp("the gateway is shutting down");
      parts_.main.post([run = std::move(run)] {});
    });
  }
}

}  // namespace tykpp::gateway
