// What the control API shows of plugins.

#include <algorithm>

#include "gateway/gateway.hpp"
#include "hooks/auth_hook_step.hpp"
#include "hooks/endpoint_hooks.hpp"

namespace tykpp::gateway {
namespace {

admin::PluginStatus statusOf(const definition::ApiSpec& spec, const hooks::HookRunner& runner,
                             const std::vector<admin::PluginServer>& servers,
                             std::string_view driver) {
  const hooks::HookCounts counts = runner.counts();
  admin::PluginStatus status;
  status.api_id = spec.api_id;
  status.api_name = spec.name;
  status.hook = runner.place();
  status.name = runner.ref().name;
  status.driver = runner.ref().driver;
  status.path = runner.ref().path;
  status.bundle = spec.bundle.name;
  status.on_error = runner.ref().on_error == definition::OnPluginError::kSkip ? "skip" : "fail";
  status.timeout = runner.ref().timeout;
  status.broken = runner.broken();
  status.calls = counts.calls;
  status.errors = counts.errors;
  status.timeouts = counts.timeouts;
  status.overruns = counts.overruns;
  status.responded = counts.responded;
  status.skipped = counts.skipped;
  status.p50 = hooks::quantile(counts.latency, 0.5);
  status.p99 = hooks::quantile(counts.latency, 0.99);
  status.server =
      runner.ref().grpc_server.empty() ? std::string(runner.server()) : runner.ref().grpc_server;
  for (const admin::PluginServer& server : servers) {
    if (server.driver != driver || server.address != status.server) continue;
    status.server_state = server.state;
    status.server_error = server.error;
    status.server_restarts = server.restarts;
  }
  return status;
}

}  // namespace

std::vector<admin::PluginServer> Gateway::pluginServers() const {
  std::vector<admin::PluginServer> list;
  for (const std::string_view name : drivers_->names()) {
    const drivers::PluginDriver& driver = *drivers_->find(name);
    if (driver.name() != name) continue;  // another name of a driver that was asked already
    for (drivers::RemoteServer& server : driver.servers()) {
      list.push_back({std::string(name), std::move(server.address), std::move(server.state),
                      std::move(server.error), server.restarts});
    }
  }
  return list;
}

std::vector<admin::PluginStatus> Gateway::plugins() const {
  std::vector<admin::PluginStatus> list;
  const std::vector<admin::PluginServer> servers = pluginServers();
  const auto status = [&](const definition::ApiSpec& spec, const hooks::HookRunner& runner) {
    const drivers::PluginDriver* driver = drivers_->find(runner.ref().driver);
    return statusOf(spec, runner, servers, driver != nullptr ? driver->name() : std::string_view{});
  };
  for (const auto& api : snapshot_->apis) {
    for (const auto& step : api->chain.request()) {
      if (const auto* hook = dynamic_cast<const hooks::HookStep*>(step.get())) {
        list.push_back(status(*api->spec, hook->runner()));
      } else if (const auto* auth = dynamic_cast<const hooks::AuthHookStep*>(step.get())) {
        list.push_back(status(*api->spec, auth->runner()));
      } else if (const auto* endpoints = dynamic_cast<const hooks::EndpointHooks*>(step.get())) {
        for (const hooks::HookRunner* runner : endpoints->runners()) {
          list.push_back(status(*api->spec, *runner));
        }
      }
    }
    // What versions have of their own; hooks are shared.
    for (const auto& version : api->versions) {
      for (const auto& step : version->chain.request()) {
        const auto* endpoints = dynamic_cast<const hooks::EndpointHooks*>(step.get());
        if (endpoints == nullptr) continue;
        for (const hooks::HookRunner* runner : endpoints->runners()) {
          list.push_back(status(*version->spec, *runner));
        }
      }
    }
    for (const auto& step : api->chain.response()) {
      if (const auto* hook = dynamic_cast<const hooks::ResponseHookStep*>(step.get())) {
        list.push_back(status(*api->spec, hook->runner()));
      }
    }
    if (api->analytics) list.push_back(status(*api->spec, api->analytics->runner()));
  }
  return list;
}

void Gateway::rollbackPlugins(const std::string& api_id, std::function<void(Result<void>)> done) {
  const auto found = std::find_if(snapshot_->apis.begin(), snapshot_->apis.end(),
                                  [&](const auto& api) { return api->spec->api_id == api_id; });
  if (found == snapshot_->apis.end()) {
    done(Error(Errc::kNotFound, "API not found"));
    return;
  }
  const std::string bundle = (*found)->spec->bundle.name;
  if (bundle.empty()) {
    done(Error(Errc::kNotFound, "API " + api_id + " has no bundle"));
    return;
  }
  if (auto rolled = bundles_->rollback(bundle); !rolled) {
    done(rolled.error());
    return;
  }
  // Not at the pace of other reloads: whoever rolls back has a reason to hurry.
  waiting_.emplace_back([done = std::move(done)] { done({}); });
  reload();
}

}  // namespace tykpp::gateway
