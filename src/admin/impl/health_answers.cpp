#include "admin/impl/health_answers.hpp"

#include "admin/impl/answers.hpp"
#include "base/clock.hpp"
#include "tykpp/version.h"

namespace tykpp::admin {
namespace {

constexpr std::size_t kListedProblems = 5;

/// One entry of `details`, members in the order of the reference.
std::string component(std::string_view name, std::string_view status, std::string_view output,
                      std::string_view type, std::string_view time) {
  std::string out = jsonString(name) + R"(:{"status":)" + jsonString(status);
  if (!output.empty()) out += R"(,"output":)" + jsonString(output);
  out += R"(,"componentType":)" + jsonString(type) + R"(,"time":)" + jsonString(time) + "}";
  return out;
}

/// The errors of the last load in one line, empty when there were none.
std::string loadErrors(const Control& control) {
  std::string out;
  std::size_t errors = 0;
  for (const definition::Problem& problem : control.loadProblems()) {
    if (problem.severity != definition::Severity::kError) continue;
    if (++errors > kListedProblems) continue;
    if (!out.empty()) out += "; ";
    out += problem.file + ": " + problem.reason;
  }
  if (errors > kListedProblems) {
    out += "; and " + std::to_string(errors - kListedProblems) + " more";
  }
  return out;
}

/// One entry for each server of plugins. @param failing  set when one of them cannot be reached
std::string pluginServers(const Control& control, bool& failing) {
  std::string out;
  for (const PluginServer& server : control.pluginServers()) {
    const bool fails = server.state == "failing";
    failing = failing || fails;
    std::string output = server.state;
    if (fails && !server.error.empty()) output += ": " + server.error;
    char buffer[40];
    if (!out.empty()) out += ',';
    out += component(server.driver + ":" + server.address, fails ? "fail" : "pass", output,
                     "system", rfc3339Now(buffer));
  }
  return out;
}

AdminReply answer(const Control& control, const HealthState& health, std::string_view description,
                  bool always_pass) {
  const auto redis = health.redis();
  const std::string errors = loadErrors(control);
  const bool redis_failed = redis && !redis->error.empty();
  std::string details;
  if (!errors.empty()) {
    char buffer[40];
    details += component("apis", "warn", errors, "component", rfc3339Now(buffer));
  }
  if (redis) {
    if (!details.empty()) details += ',';
    details +=
        component("redis", redis_failed ? "fail" : "pass", redis->error, "datastore", redis->time);
  }
  bool servers_fail = false;
  if (const std::string servers = pluginServers(control, servers_fail); !servers.empty()) {
    if (!details.empty()) details += ',';
    details += servers;
  }
  std::string_view status = "pass";
  // Redis is the only neighbour that is probed: without it every check has failed.
  if (!always_pass && redis_failed) {
    status = "fail";
  } else if (!always_pass && (!errors.empty() || servers_fail)) {
    status = "warn";
  }
  AdminReply reply;
  reply.body = R"({"status":)" + jsonString(status) + R"(,"version":)" +
               jsonString("v" TYKPP_VERSION) + R"(,"description":)" + jsonString(description);
  if (!details.empty()) reply.body += R"(,"details":{)" + details + "}";
  reply.body += "}\n";
  return reply;
}

}  // namespace

AdminReply healthAnswer(const Control& control, const HealthState& health) {
  return answer(control, health, "Tyk GW", false);
}

AdminReply readinessAnswer(const Control& control, const HealthState& health) {
  if (control.shuttingDown()) return statusMessage(503, "Gateway is shutting down");
  if (!health.redisAvailable()) return statusMessage(503, "Redis connection not available");
  if (!control.reloadedOnce()) return statusMessage(503, "A successful API reload did not happen");
  return answer(control, health, "Tyk GW Ready", true);
}

}  // namespace tykpp::admin
