#pragma once
// A function of a program as a hook or as a virtual endpoint.

#include <memory>
#include <unordered_map>

#include "drivers/js/impl/apply.hpp"
#include "drivers/js/impl/hook_call.hpp"
#include "drivers/js/impl/program.hpp"
#include "drivers/script/script_call.hpp"

namespace tykpp::drivers::js {

enum class Kind : std::uint8_t { kRequest, kResponse, kVirtual };

/// What a loaded function is. Immutable.
struct JsFunction {
  Kind kind = Kind::kRequest;
  HookFacts facts;
  std::shared_ptr<const Program> program;
  std::size_t name = 0;  ///< index into Program::names
  std::chrono::milliseconds timeout{5000};
};

class JsLoaded final : public LoadedPlugin {
 public:
  JsLoaded(JsFunction function, std::shared_ptr<Runtimes> runtimes, WorkerServices& services)
      : function_(std::make_shared<JsFunction>(std::move(function))),
        runtimes_(std::move(runtimes)),
        services_(services) {}
  /// Scripts always see the body.
  http::BodyNeed bodyNeed() const noexcept override { return http::BodyNeed::kBuffer; }
  Result<std::unique_ptr<BoundPlugin>> bind(std::uint32_t worker_index) const override;

 private:
  std::shared_ptr<const JsFunction> function_;
  std::shared_ptr<Runtimes> runtimes_;
  WorkerServices& services_;
};

/// Keeps what lives as long as a bound plugin, constructed before its base.
struct JsBoundParts {
  std::shared_ptr<const JsFunction> function;
  std::shared_ptr<Runtime> runtime;
  std::shared_ptr<const ProgramImage> image;
};

class JsBound final : private JsBoundParts, public script::ScriptPlugin {
 public:
  JsBound(JsBoundParts parts, WorkerServices& services, std::uint32_t worker)
      : JsBoundParts(std::move(parts)),
        script::ScriptPlugin(services, worker, JsBoundParts::runtime->stacks()) {}

 protected:
  Result<HookVerdict> run(script::ScriptCall& call) override;
  Error timeoutError(Hook hook) const override;
  void leaving(script::ScriptCall& call) override;
  void returning(script::ScriptCall& call) override;

 private:
  /// Runs the script. @return empty, or what went wrong
  template <class Reply, class Call>
  std::string perform(script::ScriptCall& call, Run& run, Reply& reply, Call function);
  template <class Reply, class Call, class Apply>
  Result<HookVerdict> runAs(script::ScriptCall& call, Call function, Apply apply);
  Error failed(const Run& run, const std::string& problem) const;

  std::unordered_map<const script::ScriptCall*, Run*> waiting_;
};

/// What a request gets when a virtual endpoint failed.
Error virtualEndpointFailure(std::string detail, Errc code = Errc::kPluginFailed);

}  // namespace tykpp::drivers::js
