#pragma once
// manifest.json at the root of a bundle: which files it has, what they hash to, and the hooks.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace tykpp::bundle {

inline constexpr std::string_view kManifestName = "manifest.json";
inline constexpr std::size_t kMaxManifestBytes = 4U << 20;

/// What of a manifest this room reads; `custom_middleware` is definition::withBundle()'s.
struct Manifest {
  std::string text;
  std::vector<std::string> files;  ///< `file_list`, in the order of the checksum; safe names
  std::string checksum;            ///< hex MD5 of the files' bytes one behind the other
  std::string signature;           ///< base64; empty: unsigned
  std::map<std::string, std::string> sha256;  ///< ours: hex, by file
};

/// Reads a manifest. @param max_files of `file_list`
/// @error kBadPlugin: no JSON (the message says where), a member of the wrong type, a name that
///        leaves the bundle, a name twice, too many files, no `custom_middleware`
Result<Manifest> parseManifest(std::string_view text, std::size_t max_files);

/// The name of a file in a bundle in its one form: no empty and no `.` parts.
/// @error kBadPlugin "invalid file path in archive: …": absolute, with `..`, a backslash, a control
///        character, too long or too deep
Result<std::string> safeName(std::string_view name);

}  // namespace tykpp::bundle
