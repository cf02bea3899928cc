#include "bundle/impl/installer.hpp"

#include <openssl/sha.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/text.hpp"
#include "bundle/impl/folder.hpp"
#include "bundle/verify.hpp"

namespace tykpp::bundle {
namespace {

Error prefixed(const char* what, const Error& error) {
  return {error.code(), what + error.message()};
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

std::optional<ServerVersion> readServerVersion(const Places& places) {
  std::ifstream in(places.etag, std::ios::binary);
  ServerVersion version;
  if (!std::getline(in, version.etag) || !std::getline(in, version.sha256)) return std::nullopt;
  return version;
}

Result<void> writeServerVersion(const Places& places, const ServerVersion& version) {
  const std::string aside = places.etag + ".new";
  std::ofstream out(aside, std::ios::binary | std::ios::trunc);
  out << version.etag << '\n' << version.sha256 << '\n';
  out.close();
  if (!out || std::rename(aside.c_str(), places.etag.c_str()) != 0)
    return Error(Errc::kIo, "can't write " + places.etag + ": " + std::strerror(errno));
  return {};
}

Result<void> Installer::verifyFresh(const std::string& folder, const Archive& archive) const {
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

Result<Change> Installer::install(const std::string& name, const std::string& bytes,
                                  const std::string& etag, const std::atomic<bool>& stop) {
  const Places places(settings_, name);
  const bool keep_version = settings_.plugins.bundle_revalidate;
  const ServerVersion version{etag, keep_version ? sha256Hex(bytes) : ""};
  std::error_code ignored;
  if (keep_version && std::filesystem::exists(places.current, ignored)) {
    const auto known = readServerVersion(places);
    if (known && known->sha256 == version.sha256) return Change::kNone;
  }
  auto archive = Archive::open(bytes, settings_.limits);
  if (!archive) return prefixed("Couldn't save bundle: ", archive.error());
  auto folder = UnpackFolder::make(settings_);
  if (!folder) return std::move(folder).error();
  if (auto filled = folder->fill(*archive, stop); !filled)
    return prefixed("Couldn't save bundle: ", filled.error());
  TYKPP_LOG(info, "main", "----> Verifying bundle: {}", log::quoted(name));
  if (auto good = verifyFresh(folder->path(), *archive); !good) {
    TYKPP_LOG(err, "main", "----> Bundle verification failed: {} error={}", log::quoted(name),
              log::quoted(good.error().message()));
    return prefixed("Couldn't load bundle: ", good.error());
  }
  const std::lock_guard lock(disk_);
  if (auto placed = folder->place(places); !placed)
    return prefixed("Couldn't save bundle: ", placed.error());
  if (keep_version) {
    if (auto wrote = writeServerVersion(places, version); !wrote)
      TYKPP_LOG(warn, "main", "bundle is fetched again at the next reload: {}",
                log::quoted(wrote.error().message()));
  }
  return Change::kNew;
}

}  // namespace tykpp::bundle
