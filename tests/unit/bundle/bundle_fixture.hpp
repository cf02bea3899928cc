#pragma once
// Bundles made for tests, and keys.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "bundle/archive.hpp"
#include "bundle/keys.hpp"
#include "bundle/verify.hpp"
#include "common/http_server.hpp"

namespace tykpp::bundle::test {

using Files = std::vector<std::pair<std::string, std::string>>;

/// What goes wrong with a bundle, and what it is signed with.
struct Recipe {
  Files files = {{"pre.js", "var pre = 1;"}, {"lib/a.js", "var a = 2;"}};
  Files unlisted{};
  std::vector<std::string> listed_only{};  ///< in file_list, not in the archive
  std::string checksum{};                  ///< empty: the right one
  const PrivateKey* key = nullptr;
  std::string driver = "otto";
};

inline nlohmann::json manifestOf(const Recipe& recipe) {
  std::string all;
  nlohmann::json manifest = {
      {"file_list", nlohmann::json::array()},
      {"custom_middleware", {{"driver", recipe.driver}, {"pre", {{{"name", "pre"}}}}}}};
  for (const auto& [name, bytes] : recipe.files) {
    manifest["file_list"].push_back(name);
    all += bytes;
  }
  for (const std::string& name : recipe.listed_only) manifest["file_list"].push_back(name);
  manifest["checksum"] = recipe.checksum.empty() ? md5Hex(all) : recipe.checksum;
  manifest["signature"] = "";
  if (recipe.key != nullptr) {
    const auto digests =
        digestFiles({"all"}, [&](const std::string&, const ByteSink& sink) { return sink(all); });
    manifest["signature"] = encodeBase64(recipe.key->sign(digests->sha256).value());
  }
  return manifest;
}

/// The bytes of a bundle.
inline std::string pack(const Recipe& recipe) {
  Files all = recipe.files;
  all.insert(all.end(), recipe.unlisted.begin(), recipe.unlisted.end());
  all.emplace_back("manifest.json", manifestOf(recipe).dump());
  return writeArchive(all).value();
}

/// A pair of keys, made once for all tests.
inline const KeyPair& keys() {
  static const KeyPair pair = generateKeyPair(2048).value();
  return pair;
}
inline const PrivateKey& privateKey() {
  static const PrivateKey key = PrivateKey::parse(keys().private_pem).value();
  return key;
}

}  // namespace tykpp::bundle::test
