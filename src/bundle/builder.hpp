#pragma once
// Bundles as files of their own: made from a manifest and the files it lists, and looked into. For
// the command line; reads files and blocks.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bundle/archive.hpp"
#include "bundle/keys.hpp"
#include "bundle/manifest.hpp"
#include "bundle/verify.hpp"

namespace tykpp::bundle {

/// A manifest with its files, ready to be packed.
class Builder {
 public:
  /// @param manifest_file read from the working directory, like the files it lists
  /// @error kBadPlugin: "Couldn't load manifest file", what is wrong with the JSON, "Referencing a
  ///        nonexistent file: …", "No hooks defined", "No driver specified"
  static Result<Builder> load(const std::string& manifest_file);

  /// The bundle's bytes: equal for equal input. Checksum, signature and SHA-256 hashes of the
  /// manifest are filled in, and what its hooks leave out. @param key null: unsigned
  Result<std::string> pack(const PrivateKey* key) const;

 private:
  Builder() = default;
  std::string manifest_;  // JSON, checked
  std::vector<std::pair<std::string, std::string>> files_;
};

/// A bundle that has been read as a whole.
struct Inspection {
  Manifest manifest;
  Digests digests;
  std::vector<std::string> unlisted;  ///< files that file_list does not name
};
/// @error kBadPlugin: no manifest, a bad one, a listed file that is not there, damage
Result<Inspection> inspect(Archive& archive, const ArchiveLimits& limits);

/// A line for each hook of a manifest, and its driver; texts are safe to print.
std::vector<std::string> describeHooks(const Manifest& manifest);

}  // namespace tykpp::bundle
