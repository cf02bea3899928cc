#include "cli/plugin_host.hpp"

#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/log.hpp"
#include "drivers/native/plugin_host.hpp"

namespace tykpp::cli {

struct PluginHostCommand::Options {
  CLI::App* command = nullptr;
  int socket = -1;
  int parent = 0;
};

PluginHostCommand::PluginHostCommand(CLI::App& program) : options_(std::make_unique<Options>()) {
  options_->command = program.add_subcommand("plugin-host", "run a plugin for a gateway");
  options_->command->group("");  // for the gateway, not for people
  options_->command->add_option("--fd", options_->socket, "socket to the gateway");
  options_->command->add_option("--parent", options_->parent, "the gateway's process id");
}

PluginHostCommand::~PluginHostCommand() = default;

bool PluginHostCommand::parsed() const { return options_->command->parsed(); }

int PluginHostCommand::run() const {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(options_->socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    std::fprintf(stderr, "tykpp plugin-host: is started by the gateway, with a socket to it\n");
    return 1;
  }
  log::init("info", log::Format::kText);
  return drivers::native::servePluginHost(options_->socket, options_->parent);
}

}  // namespace tykpp::cli
