#pragma once
// Whether the files of a bundle are those its manifest was made for.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bundle/archive.hpp"
#include "bundle/keys.hpp"
#include "bundle/manifest.hpp"

namespace tykpp::bundle {

/// Gives the bytes of a file of the bundle piece by piece.
/// @error kBadPlugin: there is no such file
using FileReader = std::function<Result<void>(const std::string& name, const ByteSink& sink)>;

/// Hashes of the files of a manifest.
struct Digests {
  std::string md5;                             ///< hex, of all bytes one behind the other
  std::string sha256;                          ///< 32 bytes, of the same
  std::map<std::string, std::string> by_file;  ///< hex SHA-256
  std::map<std::string, std::uint64_t> sizes;
};
/// Reads every file once. @error what `read` gives
Result<Digests> digestFiles(const std::vector<std::string>& files, const FileReader& read);

/// How much is asked of a bundle.
enum class Strictness : std::uint8_t {
  kFull,     ///< fresh from the network: the checksum always, the signature when there is a key
  kPartial,  ///< unpacked earlier: the checksum only of what is signed
};

/// @param key without one a signature is not looked at
/// @error kBadPlugin "Bundle isn't signed", "invalid checksum", "crypto/rsa: verification error"
Result<void> verify(const Manifest& manifest, const Digests& digests,
                    const std::optional<PublicKey>& key, Strictness strictness);

/// Files of an archive that neither the manifest's file_list names nor are the manifest: no
/// checksum covers them.
std::vector<std::string> unlistedFiles(const Archive& archive, const Manifest& manifest);

/// Reads the files of a folder. Links are followed: who may place one there may place files as
/// well.
FileReader folderReader(std::string folder);

}  // namespace tykpp::bundle
