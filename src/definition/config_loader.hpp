#pragma once
// Reads tyk.conf: file, then environment, then fix-ups, then secret references. Entered with paths
// and variables, left with a GatewayConfig or with every problem at once. Thread: main, at start.

#include <string>
#include <vector>

#include "base/error.hpp"
#include "definition/environment.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"

namespace tykpp::definition {

/// What to do when no candidate exists.
enum class WhenMissing : std::uint8_t {
  kFail,          ///< a file named by `--conf` has to be there
  kWriteDefault,  ///< the default file is written to the first candidate and read
};

/// What loading gave. `config` is to be used only when `ok()`.
struct LoadedConfig {
  GatewayConfig config;
  Problems problems;                   ///< errors and warnings, in file order
  std::vector<std::string> not_built;  ///< keys that are set and do nothing in this release
  bool wrote_default = false;          ///< the file did not exist and was written

  /// No problem is an error.
  bool ok() const noexcept;
};

/// `tyk.conf` in the working directory, then `/etc/tyk/tyk.conf`.
std::vector<std::string> defaultConfigCandidates();

/// Loads the first candidate that exists.
/// @return what was found, problems included; the caller refuses to start unless `ok()`.
/// @error  kBadConfig when there is nothing to judge: no candidate can be opened, or the file is
/// not JSON.
Result<LoadedConfig> loadConfig(const std::vector<std::string>& candidates, const Environment& env,
                                WhenMissing when_missing = WhenMissing::kFail);

/// The default file's text: four-space indent, every key, values of the environment included.
std::string defaultConfigText(const Environment& env);

}  // namespace tykpp::definition
