#pragma once
// From the bytes of a bundle to a folder in its place.

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bundle/impl/folder.hpp"
#include "bundle/impl/settings.hpp"
#include "bundle/store.hpp"

namespace tykpp::bundle {

/// What the server said of a bundle in use, kept beside its folder.
struct ServerVersion {
  std::string etag;    ///< as sent; empty: none
  std::string sha256;  ///< hex, of the packed bytes
};
/// One for each bundle of the name; none when they are not known.
std::vector<ServerVersion> readServerVersions(const Places& places);
/// @error kIo
Result<void> writeServerVersions(const Places& places, const std::vector<ServerVersion>& versions);
/// Hex SHA-256.
std::string sha256Hex(std::string_view bytes);

/// The bundles of one name on their way to their place: each unpacked aside, verified as it lies on
/// the disk then, and all put in place in one step. What is not placed is removed. Thread: the
/// store's.
class Installation {
 public:
  Installation(const Settings& settings, const std::string& name);

  const Places& places() const noexcept { return places_; }
  /// What the server is known to have had; not known: empty.
  const ServerVersion& known(std::size_t bundle) const noexcept { return known_[bundle]; }
  /// Those bytes are what is in use, by all that is known.
  bool same(std::size_t bundle, std::string_view bytes) const;
  bool has(std::size_t bundle) const noexcept { return added_[bundle]; }

  /// Unpacks and verifies one. @param etag of the answer, may be empty @param stop ends it early
  /// @error kBadPlugin, kIo: "Couldn't save bundle: …", "Couldn't load bundle: …"
  Result<void> add(std::size_t bundle, std::string_view bytes, std::string etag,
                   const std::atomic<bool>& stop);
  /// Makes them the ones in use. @param disk held while folders change places: who reads one holds
  /// it too @error kIo "Couldn't save bundle: …"
  Result<void> place(std::mutex& disk);

 private:
  Result<void> verifyFresh(const std::string& folder, const Archive& archive) const;

  const Settings& settings_;
  const Places places_;
  std::optional<UnpackFolder> folder_;
  std::vector<ServerVersion> known_;
  std::vector<ServerVersion> versions_;
  std::vector<bool> added_;
};

}  // namespace tykpp::bundle
