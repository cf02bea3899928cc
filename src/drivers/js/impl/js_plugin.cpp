#include "drivers/js/impl/js_plugin.hpp"

#include "base/log.hpp"
#include "drivers/js/impl/engine.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::string_view kVirtualError =
    "Error during virtual endpoint execution. Contact Administrator for more details.";

std::string secondsText(std::chrono::milliseconds time) {
  if (time.count() % 1000 == 0) return std::to_string(time.count() / 1000) + "s";
  return std::to_string(time.count()) + "ms";
}

}  // namespace

Error virtualEndpointFailure(std::string detail, Errc code) {
  return Error(code, Side::kPlugin, 500, std::string(kVirtualError)).withDetail(std::move(detail));
}

Result<std::unique_ptr<BoundPlugin>> JsLoaded::bind(std::uint32_t worker_index) const {
  std::shared_ptr<Runtime> runtime = runtimes_->of(worker_index);
  auto image = function_->program->imageFor(*runtime);
  if (!image) return Error(image.error());
  return std::unique_ptr<BoundPlugin>(std::make_unique<JsBound>(
      JsBoundParts{function_, std::move(runtime), std::move(*image)}, services_, worker_index));
}

void JsBound::leaving(script::ScriptCall& call) {
  waiting_[&call] = Run::current();
  RunScope::leave();
}

void JsBound::returning(script::ScriptCall& call) {
  const auto found = waiting_.find(&call);
  Run& run = *found->second;
  waiting_.erase(found);
  runtime->comeBack(run);
  RunScope::comeBack(run);
}

Error JsBound::timeoutError(Hook /*hook*/) const {
  const std::string detail = "JS middleware timed out after " + secondsText(function->timeout);
  if (function->kind == Kind::kVirtual) {
    return virtualEndpointFailure(detail, Errc::kPluginTimeout);
  }
  return failure(function->facts.hook, detail, Errc::kPluginTimeout);
}

Error JsBound::failed(const Run& run, const std::string& problem) const {
  if (run.ended == Ended::kTime) return timeoutError(function->facts.hook);
  if (function->kind == Kind::kVirtual) return virtualEndpointFailure(problem);
  const bool response = function->kind == Kind::kResponse;
  std::string_view what =
      response ? "Failed to run JS response middleware: " : "Failed to run JS middleware: ";
  if (run.decoding) {
    what = response ? "Failed to decode middleware response data on return from VM. "
                    : "Failed to decode middleware request data on return from VM. ";
  }
  return failure(function->facts.hook, std::string(what) + problem);
}

template <class Reply, class Call>
std::string JsBound::perform(script::ScriptCall& call, Run& run, Reply& reply, Call call_function) {
  const Program& program = *function->program;
  run.host = &program.foundation->host;
  run.call = &call;
  run.insecure_skip_verify = program.insecure_skip_verify;
  const RunScope scope(run, kFiberStackBytes);
  runtime->enter(run, *image);
  const Target target{*image, function->name, function->facts.require_session,
                      function->facts.hook == Hook::kAuth};
  auto body = [&](duk_context* ctx) { call_function(ctx, target, call.exchange(), reply); };
  std::string problem = protectedCall(image->engine, body);
  runtime->leave(run);
  return problem;
}

template <class Reply, class Call, class Apply>
Result<HookVerdict> JsBound::runAs(script::ScriptCall& call, Call call_function, Apply apply) {
  Run run;
  Reply reply;
  const std::string problem = perform(call, run, reply, call_function);
  // The exchange may be gone with its client.
  if (call.cancelled()) return timeoutError(function->facts.hook);
  if (!problem.empty()) return failed(run, problem);
  return apply(call.exchange(), function->facts, std::move(reply));
}

Result<HookVerdict> JsBound::run(script::ScriptCall& call) {
  try {
    switch (function->kind) {
      case Kind::kRequest:
        return runAs<RequestReply>(call, &callRequestHook, &applyRequest);
      case Kind::kResponse:
        return runAs<ResponseReply>(call, &callResponseHook, &js::applyResponse);
      case Kind::kVirtual:
        return runAs<VirtualReply>(call, &callVirtualEndpoint, &applyVirtual);
    }
  } catch (const std::exception& error) {  // no memory
    return failed(Run{}, error.what());
  }
  return failed(Run{}, "unknown kind of function");
}

}  // namespace tykpp::drivers::js
