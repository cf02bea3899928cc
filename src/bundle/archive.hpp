#pragma once
// ZIP files: reading one from memory without trusting it, and writing one that is the same bytes
// for the same input.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace tykpp::bundle {

/// Bounds of what an archive may hold.
struct ArchiveLimits {
  std::uint64_t unpacked_bytes = 256U << 20;  ///< of all files together
  std::size_t files = 4096;                   ///< folders count
};

/// A file or folder in an archive.
struct ArchiveEntry {
  std::string name;  ///< safe (see safeName), no `/` at the end
  bool folder = false;
  std::uint64_t packed = 0;    ///< bytes
  std::uint64_t declared = 0;  ///< bytes, as the archive says: read() counts for itself
};

/// Takes a piece of a file; its error ends the reading.
using ByteSink = std::function<Result<void>(std::string_view)>;

/// An archive that is open for reading. Not thread safe.
class Archive {
 public:
  /// Reads the directory and refuses what no bundle has: unsafe and equal names, links, devices,
  /// encrypted files, more than the limits. @param bytes must outlive the archive
  /// @error kBadPlugin
  static Result<Archive> open(std::string_view bytes, const ArchiveLimits& limits);
  ~Archive();
  Archive(Archive&&) noexcept;
  Archive& operator=(Archive&&) noexcept;

  const std::vector<ArchiveEntry>& entries() const noexcept;
  /// The entry of a file, null when there is none.
  const ArchiveEntry* find(std::string_view name) const noexcept;
  /// Unpacks a file piece by piece. What all reads together give is limited.
  /// @error kBadPlugin: damaged, packed by an unknown method, beyond the limits; or the sink's
  Result<void> read(const ArchiveEntry& entry, const ByteSink& sink);
  /// A whole file of `max` bytes at most.
  Result<std::string> readAll(const ArchiveEntry& entry, std::size_t max);

 private:
  class Impl;
  explicit Archive(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Packs files in order, before the first of a folder the folder; all with the same time, of mode
/// 0644 and 0755. @return the archive's bytes
/// @error kIo
Result<std::string> writeArchive(const std::vector<std::pair<std::string, std::string>>& files);

}  // namespace tykpp::bundle
