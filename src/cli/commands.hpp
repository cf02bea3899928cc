#pragma once
// What the words of the command line do. Each answers the exit code: 0 good, 1 refused or failed.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "definition/problem.hpp"

namespace tykpp::cli {

/// Flags of `tykpp [start]`.
struct StartOptions {
  std::string conf;                   ///< `--conf`, empty: the default places
  std::optional<std::uint16_t> port;  ///< `--port` wins over file and environment
  bool debug = false;                 ///< `--debug`: log level debug
};
int start(const StartOptions& options);

/// `tykpp version [--json]`
int version(bool json);

/// `tykpp lint [--conf F] [FILES]`: every problem at once, one a line. Without files: the
/// configuration and the definitions it names.
int lint(const std::string& conf, const std::vector<std::string>& files);

/// One line on standard error: severity, file, place in it, reason.
void print(const definition::Problem& problem);

/// `tykpp echo --port P`
int echo(const std::string& address, std::uint16_t port);

}  // namespace tykpp::cli
