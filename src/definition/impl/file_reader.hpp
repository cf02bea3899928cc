#pragma once
// Whole files with a bound on their size, and stamps that tell whether a file changed.

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace tykpp::definition {

/// What the file system says about one version of a file. Equal stamps: the same content.
struct FileStamp {
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileStamp&) const = default;

  static FileStamp of(const struct stat& status) noexcept;
};

struct FileContent {
  std::string bytes;
  FileStamp stamp;  ///< of the version that was read
};

/// Reads a regular file. Never waits on a pipe or device.
/// @param directory  descriptor that a relative path starts at, AT_FDCWD for the working directory
/// @error kNotFound when there is no such file, kIo otherwise; the text names the reason, not the
/// file
Result<FileContent> readFile(int directory, const char* path, std::size_t max_bytes);

}  // namespace tykpp::definition
