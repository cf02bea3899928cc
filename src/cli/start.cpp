#include <cstdio>
#include <string>

#include "base/log.hpp"
#include "cli/commands.hpp"
#include "definition/config_loader.hpp"
#include "gateway/echo_server.hpp"
#include "gateway/gateway.hpp"

namespace tykpp::cli {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

void print(const definition::Problem& problem) {
  std::fprintf(stderr, "%s: %s%s%s: %s\n",
               problem.severity == definition::Severity::kError ? "error" : "warning",
               problem.file.c_str(), problem.pointer.empty() ? "" : " at ", problem.pointer.c_str(),
               problem.reason.c_str());
}

int start(const StartOptions& options) {
  const bool named = !options.conf.empty();
  auto loaded = definition::loadConfig(
      named ? std::vector<std::string>{options.conf} : definition::defaultConfigCandidates(),
      definition::Environment::process(),
      named ? definition::WhenMissing::kFail : definition::WhenMissing::kWriteDefault);
  if (!loaded) {
    std::fprintf(stderr, "Error initialising system: %s\n", loaded.error().message().c_str());
    return 1;
  }
  for (const definition::Problem& problem : loaded->problems) print(problem);
  if (!loaded->ok()) {
    std::fprintf(stderr, "Error initialising system: the configuration has errors, see above\n");
    return 1;
  }
  definition::GatewayConfig& config = loaded->config;
  if (options.port) config.listen_port = *options.port;
  if (options.debug) config.log_level = "debug";
  log::init(config.log_level,
            config.log_format == "json" ? log::Format::kJson : log::Format::kText);
  if (loaded->wrote_default)
    TYKPP_LOG(warn, "main", "no configuration found: wrote the default one to {}", config.file);
  if (!loaded->not_built.empty()) {
    TYKPP_LOG(warn, "main", "configuration keys that are set but not built yet and do nothing: {}",
              joined(loaded->not_built));
  }
  int code = 0;
  {
    gateway::Gateway gateway(config);
    const Result<void> ran = gateway.run();
    if (!ran) {
      std::fprintf(stderr, "Error initialising system: %s\n", ran.error().message().c_str());
      code = 1;
    }
  }
  log::shutdown();
  return code;
}

int echo(const std::string& address, std::uint16_t port) {
  const Result<void> ran = gateway::runEchoServer(address, port, [](std::uint16_t bound) {
    std::printf("echo upstream on port %u\n", static_cast<unsigned>(bound));
    std::fflush(stdout);
  });
  if (ran) return 0;
  std::fprintf(stderr, "tykpp echo: %s\n", ran.error().message().c_str());
  return 1;
}

}  // namespace tykpp::cli
