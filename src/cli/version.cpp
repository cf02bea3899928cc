#include "tykpp/version.h"

#include <sys/utsname.h>

#include <cstdio>

#include "cli/commands.hpp"

#ifndef TYKPP_BUILD_COMMIT
#define TYKPP_BUILD_COMMIT ""
#endif

namespace tykpp::cli {

int version(bool json) {
  utsname system{};
  ::uname(&system);
  const std::string arch = std::string(system.machine) == "x86_64"    ? "amd64"
                           : std::string(system.machine) == "aarch64" ? "arm64"
                                                                      : system.machine;
  if (json) {
    // Shape and empty Go version as the reference's, for what parses it.
    std::printf(
        "{\"Version\":\"%s\",\"BuiltBy\":\"tykpp\",\"BuildDate\":\"%s\",\"Commit\":\"%s\","
        "\"Go\":{\"Os\":\"linux\",\"Arch\":\"%s\",\"Version\":\"\"}}\n",
        TYKPP_VERSION, __DATE__, TYKPP_BUILD_COMMIT, arch.c_str());
    return 0;
  }
  std::printf(
      "Release version: %s\nBuilt by:        tykpp\nBuild date:      %s\nCommit:          %s\nGo "
      "version:      \nOS/Arch:         linux/%s\n",
      TYKPP_VERSION, __DATE__, TYKPP_BUILD_COMMIT, arch.c_str());
  return 0;
}

}  // namespace tykpp::cli
