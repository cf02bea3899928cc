#pragma once
// `tykpp plugin-host`: the process that isolated plugins run in. The gateway starts it.

#include <memory>

namespace CLI {
class App;
}

namespace tykpp::cli {

/// The command and its flags; help does not show it.
class PluginHostCommand {
 public:
  /// Adds the command to the program.
  explicit PluginHostCommand(CLI::App& program);
  ~PluginHostCommand();
  PluginHostCommand(const PluginHostCommand&) = delete;
  PluginHostCommand& operator=(const PluginHostCommand&) = delete;

  /// Whether the command line asked for it.
  bool parsed() const;
  /// Serves until the gateway lets go. @return the exit code: 1 refused or failed
  int run() const;

 private:
  struct Options;
  std::unique_ptr<Options> options_;
};

}  // namespace tykpp::cli
