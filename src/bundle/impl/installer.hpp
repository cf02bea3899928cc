#pragma once
// From the bytes of a bundle to a folder in its place.

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "bundle/impl/settings.hpp"
#include "bundle/store.hpp"

namespace tykpp::bundle {

/// What the server said of the bundle in use, kept beside its folder.
struct ServerVersion {
  std::string etag;    ///< as sent; empty: none
  std::string sha256;  ///< hex, of the packed bytes
};
/// Nothing when it is not known.
std::optional<ServerVersion> readServerVersion(const Places& places);
/// @error kIo
Result<void> writeServerVersion(const Places& places, const ServerVersion& version);
/// Hex SHA-256.
std::string sha256Hex(std::string_view bytes);

/// Unpacks aside, verifies what is on the disk then, and puts it in place. Thread: the store's.
class Installer {
 public:
  /// @param disk held while folders change places: who reads one holds it too
  Installer(const Settings& settings, std::mutex& disk) : settings_(settings), disk_(disk) {}

  /// @param etag of the answer, may be empty @param stop ends it early when true
  /// @error kBadPlugin, kIo: "Couldn't save bundle: …", "Couldn't load bundle: …"; nothing is left
  Result<Change> install(const std::string& name, const std::string& bytes, const std::string& etag,
                         const std::atomic<bool>& stop);

 private:
  Result<void> verifyFresh(const std::string& folder, const Archive& archive) const;

  const Settings& settings_;
  std::mutex& disk_;
};

}  // namespace tykpp::bundle
