#pragma once
// `tykpp plugin …`: making and building plugins, and trying what they do.

#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace tykpp::cli {

/// The words behind `plugin` and their flags.
class PluginCommand {
 public:
  /// Adds the command to the program.
  explicit PluginCommand(CLI::App& program);
  ~PluginCommand();
  PluginCommand(const PluginCommand&) = delete;
  PluginCommand& operator=(const PluginCommand&) = delete;

  /// Whether the command line asked for it.
  bool parsed() const;
  /// @param conf, debug  flags of the program as a whole
  /// @return the exit code: 0 good, 1 refused or failed
  int run(const std::string& conf, bool debug) const;

 private:
  struct Options;
  std::unique_ptr<Options> options_;
};

/// Flags of `plugin build`.
struct PluginBuildFlags {
  std::string folder;   ///< with the source of package main
  std::string output;   ///< file to write; empty: beside the source, plain and versioned
  std::string sdk;      ///< folder of the Go SDK; empty: found
  std::string go;       ///< the go command; empty: found
  std::string release;  ///< that versioned file names carry, such as 5.13.0
  bool check = false;    ///< compile, but write nothing
  bool verbose = false;
};

/// Compiles a folder of Go source with the Go that is installed. What is wrong is said on standard
/// error.
/// @return the exit code
int buildPlugin(const PluginBuildFlags& flags);

/// Loads each of the files, separated by commas, and looks for a function in it.
/// @return the exit code: 1 when one of them has it not
int loadPlugin(const std::string& files, const std::string& symbol);

}  // namespace tykpp::cli
