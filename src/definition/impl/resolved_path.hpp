#pragma once
// Paths that definitions and manifests name.

#include <filesystem>
#include <string>

namespace tykpp::definition {

/// Paths of a definition start at the working directory, those of a manifest in the bundle's
/// folder. Absolute and empty ones stay as they are, all do when `base` is empty.
inline std::string resolvedPath(std::string path, const std::string& base) {
  if (path.empty() || path.front() == '/' || base.empty()) return path;
  return (std::filesystem::path(base) / path).lexically_normal().string();
}

}  // namespace tykpp::definition
