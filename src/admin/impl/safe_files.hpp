#pragma once
// Files of a directory, replaced whole or not at all.

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::definition {
struct GatewayConfig;
}

namespace tykpp::admin {

/// A path of the configuration as to be opened: relative ones start in the working directory; an
/// empty one is that directory.
std::string directoryOf(const definition::GatewayConfig& config, const std::string& path);

/// Puts text into `<directory>/<name>` by way of a temporary file, which no loader takes for one
/// of its own. @error kIo
Result<void> replaceFile(const std::string& directory, const std::string& name,
                         std::string_view text);
/// Makes changes of names last. @error kIo
Result<void> syncDirectory(const std::string& directory);
/// The error of the last system call on a file.
Error fileError(const std::string& file);

}  // namespace tykpp::admin
