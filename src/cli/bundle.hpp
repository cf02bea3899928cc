#pragma once
// `tykpp bundle …`: making bundles and looking into them.

#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace tykpp::cli {

/// The words behind `bundle` and their flags.
class BundleCommand {
 public:
  /// Adds the command to the program.
  explicit BundleCommand(CLI::App& program);
  ~BundleCommand();
  BundleCommand(const BundleCommand&) = delete;
  BundleCommand& operator=(const BundleCommand&) = delete;

  /// Whether the command line asked for it.
  bool parsed() const;
  /// @return the exit code: 0 good, 1 refused or failed
  int run() const;

 private:
  struct Options;
  std::unique_ptr<Options> options_;
};

/// The long flags of `bundle build` with one dash, as the original tool's documentation has them
/// (`-output`, `-key` …), are read as a short flag with a value by everybody else.
/// @return the argument with two dashes when it is one of them
std::string withTwoDashes(std::string argument);

}  // namespace tykpp::cli
