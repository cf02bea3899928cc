#include "bundle/impl/installer.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/text.hpp"
#include "bundle/verify.hpp"

namespace tykpp::bundle {
namespace {

/// What may stand in the field of a request: the file may be anybody's.
bool sendable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

/// What the signature does not cover would run all the same.
Result<void> checkUnlisted(const Archive& archive, const Manifest& manifest) {
  const std::vector<std::string> unlisted = unlistedFiles(archive, manifest);
  if (unlisted.empty()) return {};
  return Error(Errc::kBadPlugin,
               "the bundle is signed, but has a file that file_list does not name: " +
                   log::quoted(unlisted.front()));
}

}  // namespace

std::string sha256Hex(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  ::SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string text;
  for (const unsigned char byte : digest) {
    constexpr char kDigits[] = "0123456789abcdef";
    text.append({kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return text;
}

std::vector<ServerVersion> readServerVersions(const Places& places) {
  std::ifstream in(places.etag, std::ios::binary);
  std::vector<ServerVersion> versions;
  for (std::size_t i = 0; i < places.bundles.size(); ++i) {
    ServerVersion version;
    if (!std::getline(in, version.etag) || !std::getline(in, version.sha256)) return {};
    if (!sendable(version.etag)) return {};
    versions.push_back(std::move(version));
  }
  return versions;
}

Result<void> writeServerVersions(const Places& places, const std::vector<ServerVersion>& versions) {
  const std::string aside = places.etag + ".new";
  std::ofstream out(aside, std::ios::binary | std::ios::trunc);
  for (const ServerVersion& version : versions)
    out << version.etag << '\n' << version.sha256 << '\n';
  out.close();
  if (!out || std::rename(aside.c_str(), places.etag.c_str()) != 0)
    return Error(Errc::kIo, "can't write " + places.etag + ": " + std::strerror(errno));
  return {};
}

Installation::Installation(const Settings& settings, const std::string& name)
    : settings_(settings),
      places_(settings, name),
      versions_(places_.bundles.size()),
      added_(places_.bundles.size()) {
  if (settings_.plugins.bundle_revalidate && places_.filled()) known_ = readServerVersions(places_);
  known_.resize(places_.bundles.size());
}

bool Installation::same(std::size_t bundle, std::string_view bytes) const {
  return !known_[bundle].sha256.empty() && known_[bundle].sha256 == sha256Hex(bytes);
}

Result<void> Installation::verifyFresh(const std::string& folder, const Archive& archive) const {
  const auto manifest = readManifest(folder, settings_.limits);
  if (!manifest) return manifest.error();
  std::optional<PublicKey> key;
  if (!settings_.plugins.public_key_path.empty()) {
    auto loaded = PublicKey::load(settings_.plugins.public_key_path);
    if (!loaded) return std::move(loaded).error();
    key = std::move(*loaded);
    if (auto listed = checkUnlisted(archive, *manifest); !listed) return listed;
  }
  const auto digests = digestFiles(manifest->files, folderReader(folder));
  if (!digests) return digests.error();
  return verify(*manifest, *digests, key, Strictness::kFull);
}

Result<void> Installation::add(std::size_t bundle, std::string_view bytes, std::string etag,
                               const std::atomic<bool>& stop) {
  const definition::BundleName& which = places_.bundles[bundle];
  auto archive = Archive::open(bytes, settings_.limits);
  if (!archive) return toldOf("Couldn't save bundle", which, archive.error());
  if (!folder_) {
    auto folder = UnpackFolder::make(settings_);
    if (!folder) return std::move(folder).error();
    folder_.emplace(std::move(*folder));
  }
  const std::string folder = Places::folderIn(folder_->path(), which);
  if (auto filled = folder_->fill(folder, *archive, stop); !filled)
    return toldOf("Couldn't save bundle", which, filled.error());
  TYKPP_LOG(info, "main", "----> Verifying bundle: {}", log::quoted(which.name));
  if (auto good = verifyFresh(folder, *archive); !good) {
    TYKPP_LOG(err, "main", "----> Bundle verification failed: {} error={}", log::quoted(which.name),
              log::quoted(good.error().message()));
    return toldOf("Couldn't load bundle", which, good.error());
  }
  versions_[bundle].etag = std::move(etag);
  if (settings_.plugins.bundle_revalidate) versions_[bundle].sha256 = sha256Hex(bytes);
  added_[bundle] = true;
  return {};
}

Result<void> Installation::place(std::mutex& disk) {
  const std::lock_guard lock(disk);
  if (auto placed = folder_->place(places_); !placed)
    return Error(placed.error().code(), "Couldn't save bundle: " + placed.error().message());
  if (!settings_.plugins.bundle_revalidate) return {};
  if (auto wrote = writeServerVersions(places_, versions_); !wrote)
    TYKPP_LOG(warn, "main", "bundle is fetched again at the next reload: {}",
              log::quoted(wrote.error().message()));
  return {};
}

}  // namespace tykpp::bundle
