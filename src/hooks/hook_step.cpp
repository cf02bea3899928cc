#include "hooks/hook_step.hpp"

#include "base/log.hpp"
#include "definition/auth_rules.hpp"
#include "definition/gateway_config.hpp"
#include "hooks/auth_hook_step.hpp"
#include "hooks/impl/chain_verdict.hpp"
#include "hooks/impl/id_extractor.hpp"

namespace tykpp::hooks {
namespace {

using drivers::Hook;
using drivers::HookVerdict;

bool isCoprocess(std::string_view driver) noexcept {
  return driver == "python" || driver == "lua" || driver == "grpc";
}

/// A request hook of a coprocess driver while `coprocess_options.enable_coprocess` is off: the
/// reference leaves it out. An authentication hook must not be left out, it would open the API;
/// response hooks fail.
bool leftOut(const chain::BuildContext& build, const definition::PluginRef& ref, Hook hook) {
  if (build.config.plugins.enable_coprocess || !isCoprocess(ref.driver)) return false;
  TYKPP_LOG(err, "coprocess",
            "Your API specifies a CP custom middleware, but CP is not enabled in the "
            "configuration file (coprocess_options.enable_coprocess) api_id={} at={} name={}",
            log::quoted(build.api.api_id), log::quoted(ref.pointer), log::quoted(ref.name));
  return hook == Hook::kPre || hook == Hook::kPostAuth || hook == Hook::kPost;
}

template <class Step, class List>
Result<List> makeSteps(const chain::BuildContext& build,
                       const std::vector<definition::PluginRef>& refs, Hook hook) {
  List steps;
  for (const definition::PluginRef& ref : refs) {
    if (leftOut(build, ref, hook)) continue;
    auto runner = HookRunner::create(build, ref, hook);
    if (!runner) return runner.error();
    steps.push_back(std::make_unique<Step>(std::move(*runner)));
  }
  return steps;
}

void warnUnused(const chain::BuildContext& build, const definition::PluginRef& ref,
                std::string_view why) {
  TYKPP_LOG(warn, "plugin", "hook never runs api_id={} at={} name={} reason={}",
            log::quoted(build.api.api_id), log::quoted(ref.pointer), log::quoted(ref.name),
            log::quoted(why));
}

}  // namespace

Result<chain::Verdict> HookStep::onRequest(http::Exchange& exchange) const {
  // Nobody asks for a key at an ignored endpoint.
  if (exchange.ignore_auth && runner_->hook() == Hook::kAuth) return chain::Verdict::kContinue;
  return chainVerdict(runner_->call(exchange));
}

net::Task<Result<chain::Verdict>> HookStep::finish(http::Exchange& exchange) const {
  const Result<HookVerdict> verdict = co_await runner_->finish(exchange);
  co_return chainVerdict(verdict);
}

Result<chain::Verdict> ResponseHookStep::onResponse(http::Exchange& exchange) const {
  return chainVerdict(runner_->call(exchange));
}

net::Task<Result<chain::Verdict>> ResponseHookStep::finish(http::Exchange& exchange) const {
  const Result<HookVerdict> verdict = co_await runner_->finish(exchange);
  co_return chainVerdict(verdict);
}

HookVerdict AnalyticsHook::onRecord(http::Exchange& exchange,
                                    drivers::TrafficRecord& record) const {
  const Result<HookVerdict> verdict = runner_->call(exchange, &record);
  return verdict ? *verdict : HookVerdict::kContinue;
}

net::Task<HookVerdict> AnalyticsHook::finish(http::Exchange& exchange,
                                             drivers::TrafficRecord& record) const {
  const Result<HookVerdict> verdict = co_await runner_->finish(exchange, &record);
  co_return verdict ? *verdict : HookVerdict::kContinue;
}

Result<Steps> createPreHooks(const chain::BuildContext& build) {
  return makeSteps<HookStep, Steps>(build, build.api.hooks.pre, Hook::kPre);
}

Result<Steps> createAuthHook(const chain::BuildContext& build) {
  const definition::ApiSpec& api = build.api;
  if (!api.hooks.auth) {
    if (!api.custom_auth || api.use_keyless) return Steps{};
    return Error(Errc::kBadDefinition,
                 "custom authentication is switched on, but no enabled plugin function is named: "
                 "the API would be "
                 "open to everybody")
        .at("/custom_middleware/auth_check");
  }
  if (api.use_keyless || !api.custom_auth) {
    warnUnused(build, *api.hooks.auth,
               api.use_keyless ? "the API is keyless" : "no custom-auth switch is on");
    return Steps{};
  }
  Result<Steps> steps = makeSteps<HookStep, Steps>(build, {*api.hooks.auth}, Hook::kAuth);
  const bool extracts = api.auth != nullptr && api.auth->id_extractor && build.keyrings != nullptr;
  if (!steps || steps->empty() || !extracts || !isCoprocess(api.hooks.auth->driver)) return steps;
  auto extractor = IdExtractor::create(*api.auth->id_extractor);
  if (!extractor) return extractor.error();
  std::unique_ptr<HookStep> hook(static_cast<HookStep*>(steps->front().release()));
  steps->front() = std::make_unique<AuthHookStep>(std::move(hook), std::move(*extractor), build);
  return steps;
}

Result<Steps> createPostAuthHooks(const chain::BuildContext& build) {
  if (build.api.use_keyless) {
    for (const definition::PluginRef& ref : build.api.hooks.post_auth) {
      warnUnused(build, ref, "the API is keyless");
    }
    return Steps{};
  }
  return makeSteps<HookStep, Steps>(build, build.api.hooks.post_auth, Hook::kPostAuth);
}

Result<Steps> createPostHooks(const chain::BuildContext& build) {
  return makeSteps<HookStep, Steps>(build, build.api.hooks.post, Hook::kPost);
}

Result<ResponseSteps> createResponseHooks(const chain::BuildContext& build) {
  return makeSteps<ResponseHookStep, ResponseSteps>(build, build.api.hooks.response,
                                                    Hook::kResponse);
}

Result<std::unique_ptr<AnalyticsHook>> createAnalyticsHook(const chain::BuildContext& build) {
  if (!build.api.hooks.analytics) return std::unique_ptr<AnalyticsHook>{};
  auto runner = HookRunner::create(build, *build.api.hooks.analytics, Hook::kAnalytics);
  if (!runner) return runner.error();
  return std::make_unique<AnalyticsHook>(std::move(*runner));
}

}  // namespace tykpp::hooks
