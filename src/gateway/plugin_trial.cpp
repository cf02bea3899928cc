#include "gateway/plugin_trial.hpp"

#include "chain/step.hpp"
#include "definition/lint.hpp"
#include "drivers/registry.hpp"
#include "gateway/trial_message.hpp"
#include "gateway/trial_services.hpp"
#include "hooks/hook_runner.hpp"
#include "session/session_state.hpp"

namespace tykpp::gateway {
namespace {

using drivers::Hook;
using drivers::HookVerdict;
using End = TrialOutcome::End;

struct Candidate {
  Hook hook;
  const definition::PluginRef* ref;
};

std::vector<Candidate> candidates(const definition::PluginHooks& hooks) {
  std::vector<Candidate> found;
  const auto add = [&found](Hook hook, const auto& refs) {
    for (const definition::PluginRef& ref : refs) found.push_back({hook, &ref});
  };
  add(Hook::kPre, hooks.pre);
  if (hooks.auth) found.push_back({Hook::kAuth, &*hooks.auth});
  add(Hook::kPostAuth, hooks.post_auth);
  add(Hook::kPost, hooks.post);
  add(Hook::kResponse, hooks.response);
  if (hooks.analytics) found.push_back({Hook::kAnalytics, &*hooks.analytics});
  return found;
}

std::string listed(const std::vector<Candidate>& all) {
  std::string text;
  for (const Candidate& one : all) {
    text +=
        (text.empty() ? "" : ", ") + std::string(drivers::hookName(one.hook)) + ":" + one.ref->name;
  }
  return text.empty() ? "none" : text;
}

Result<Candidate> choose(const definition::ApiSpec& spec, const TrialInput& input) {
  const std::vector<Candidate> all = candidates(spec.hooks);
  std::vector<Candidate> meant;
  for (const Candidate& one : all) {
    if (input.hook && one.hook != *input.hook) continue;
    if (!input.function.empty() && one.ref->name != input.function) continue;
    meant.push_back(one);
  }
  if (meant.empty()) {
    return Error(Errc::kNotFound, "the definition has no such hook; it has: " + listed(all));
  }
  if (meant.size() > 1 && !input.hook && input.function.empty()) {
    return Error(
        Errc::kNotFound,
        "the definition has several hooks, say which with --hook or --function: " + listed(all));
  }
  return meant.front();
}

/// A call on its way through the loop.
net::Detached runHook(const hooks::HookRunner& runner, http::Exchange& exchange,
                      drivers::TrafficRecord* record, net::Loop& loop,
                      Result<HookVerdict>& verdict) {
  verdict = runner.call(exchange, record);
  if (verdict && *verdict == HookVerdict::kPending)
    verdict = co_await runner.finish(exchange, record);
  loop.stop();
}

/// What is tried and where.
struct Trial {
  const definition::ApiSpec& spec;
  const Candidate& chosen;
  const TrialInput& input;

  Result<void> fill(TrialMessage& message) const {
    auto filled = message.setRequest(input.request, spec);
    if (filled && chosen.hook == Hook::kResponse) filled = message.setResponse(input.response);
    if (filled && chosen.hook == Hook::kAnalytics) message.setRecord(spec);
    if (!filled || input.session.empty()) return filled;
    auto session = session::SessionState::parse(input.session, "");
    if (!session) return Error(session.error()).withDetail("the session");
    message.exchange().session = std::make_shared<session::SessionState>(std::move(*session));
    return {};
  }

  void settle(TrialMessage& message, const Result<HookVerdict>& verdict, TrialOutcome& out) const {
    out.after = message.text(chosen.hook);
    if (message.exchange().session != nullptr) {
      out.session_after = message.exchange().session->json();
    }
    if (!verdict) {
      const Error& error = verdict.error();
      // A refusal is what auth hooks are for.
      out.end = error.code() == Errc::kForbidden ? End::kAnswered : End::kFailed;
      out.status = error.status();
      out.message = error.message();
      out.reason = error.detail().empty() ? error.message() : error.detail();
      if (out.end == End::kAnswered) out.answer = refusalText(error, message.exchange());
      return;
    }
    out.end = *verdict == HookVerdict::kDrop      ? End::kDropped
              : *verdict == HookVerdict::kRespond ? End::kAnswered
                                                  : End::kContinued;
    if (out.end == End::kAnswered && chosen.hook != Hook::kResponse) {
      out.answer = message.text(Hook::kResponse);
    }
  }
};

Result<definition::ApiSpec> readDefinition(const definition::GatewayConfig& config,
                                           const TrialInput& input,
                                           definition::Problems& problems) {
  definition::ApiSpec spec;
  problems = definition::lintDefinition(input.definition, &config, &spec);
  for (const definition::Problem& problem : problems) {
    if (problem.severity == definition::Severity::kError) {
      return Error(Errc::kBadDefinition, "the definition cannot be used");
    }
  }
  if (!spec.bundle.name.empty() && spec.bundle.parts.empty()) {
    return Error(Errc::kBadDefinition,
                 "its plugins come in a bundle: unpack it and name their files in a definition");
  }
  return spec;
}

}  // namespace

Result<TrialOutcome> tryPlugin(const definition::GatewayConfig& config, const TrialInput& input,
                               definition::Problems& problems) {
  const auto spec = readDefinition(config, input, problems);
  if (!spec) return spec.error();
  const auto chosen = choose(*spec, input);
  if (!chosen) return chosen.error();
  const Trial trial{*spec, *chosen, input};

  TrialServices services;
  const auto drivers = drivers::makeRegistry(config, services);
  const auto runner =
      hooks::HookRunner::create({*spec, config, 1, drivers.get()}, *chosen->ref, chosen->hook);
  if (!runner) return runner.error();

  TrialOutcome out;
  out.hook = drivers::hookName(chosen->hook);
  out.function = chosen->ref->name;
  out.driver = chosen->ref->driver;
  out.file = chosen->ref->path;
  TrialMessage message;
  if (auto filled = trial.fill(message); !filled) return filled.error();
  out.before = message.text(chosen->hook);
  if (message.exchange().session != nullptr) {
    out.session_before = message.exchange().session->json();
  }
  Result<HookVerdict> verdict = HookVerdict::kContinue;
  const Clock::time_point start = Clock::now();
  services.mainLoop().post([&] {
    runHook(**runner, message.exchange(), message.record(), services.mainLoop(), verdict);
  });
  services.mainLoop().run();
  out.took = Clock::now() - start;
  trial.settle(message, verdict, out);
  return out;
}

}  // namespace tykpp::gateway
