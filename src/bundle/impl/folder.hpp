#pragma once
// Unpacked bundles on disk: reading one, filling one, and putting one in the place of another.

#include <atomic>
#include <string>

#include "base/error.hpp"
#include "bundle/archive.hpp"
#include "bundle/impl/settings.hpp"
#include "bundle/manifest.hpp"

namespace tykpp::bundle {

/// The manifest of an unpacked bundle. @error kBadPlugin
Result<Manifest> readManifest(const std::string& folder, const ArchiveLimits& limits);

/// Makes the root and its parents. @error kIo "Couldn't create bundle directory: …"
Result<void> makeRoot(const Settings& settings);
/// Removes what a process that died while it unpacked has left. Anything younger than an hour may
/// be another gateway's on the same disk.
void removeLeftovers(const Settings& settings);

/// A folder for unpacking beside the final place; removed unless it was placed.
class UnpackFolder {
 public:
  /// @error kIo
  static Result<UnpackFolder> make(const Settings& settings);
  ~UnpackFolder();
  UnpackFolder(UnpackFolder&& other) noexcept;
  UnpackFolder& operator=(UnpackFolder&&) = delete;

  const std::string& path() const noexcept { return path_; }
  /// Unpacks all of it and writes it through to the disk. @param folder the path or a folder of one
  /// part below it, which is made @param stop ends it early when true
  /// @error kBadPlugin (the archive), kIo (the disk), kShuttingDown
  Result<void> fill(const std::string& folder, Archive& archive, const std::atomic<bool>& stop);
  /// Makes this the bundle in use and that one the previous one. Atomic: `current` is never absent
  /// nor half of it, where the file system can exchange folders. @error kIo: nothing has changed,
  /// or the disk does not say that it is written
  Result<void> place(const Places& places);

 private:
  explicit UnpackFolder(std::string path) : path_(std::move(path)) {}
  Result<void> keepAs(const std::string& previous);
  std::string path_;
};

/// Exchanges two folders. @error kIo
Result<void> exchangeFolders(const std::string& one, const std::string& other);

}  // namespace tykpp::bundle
