#include "bundle/manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/log.hpp"
#include "base/text.hpp"
#include "bundle/impl/bad_bundle.hpp"

namespace tykpp::bundle {
namespace {
using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxWhyBytes = 200;  // the parser quotes what it read
constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::size_t kMaxPartBytes = 255;  // NAME_MAX
constexpr std::size_t kMaxParts = 32;

Result<Json> parseJson(std::string_view text) {
  if (jsonDeeperThan(text, kMaxDepth)) return bad("manifest.json nests too deeply");
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {  // its text says where; it goes no further
    std::string_view why = error.what();
    if (const auto end = why.find("] "); end != std::string_view::npos) why.remove_prefix(end + 2);
    return bad("manifest.json is no valid JSON: " + std::string(why.substr(0, kMaxWhyBytes)));
  }
}

/// A text member; absent and null are empty.
Result<std::string> textOf(const Json& manifest, const char* key) {
  const auto found = manifest.find(key);
  if (found == manifest.end() || found->is_null()) return std::string();
  if (!found->is_string()) return bad(std::string("manifest.json: ") + key + " is no text");
  return found->get<std::string>();
}

Result<void> readFiles(const Json& manifest, std::size_t max_files, Manifest& out) {
  const auto list = manifest.find("file_list");
  if (list == manifest.end() || list->is_null()) return {};
  if (!list->is_array()) return bad("manifest.json: file_list is no list");
  if (list->size() > max_files)
    return bad("manifest.json: file_list names more than " + std::to_string(max_files) + " files");
  std::set<std::string> seen;
  for (const Json& item : *list) {
    if (!item.is_string()) return bad("manifest.json: file_list has an element that is no text");
    const auto& name = item.get_ref<const std::string&>();
    auto safe = safeName(name);
    if (!safe) return bad("invalid file path in manifest.json: " + log::quoted(name));
    if (!seen.insert(*safe).second)
      return bad("manifest.json: file_list names a file twice: " + log::quoted(name));
    out.files.push_back(std::move(*safe));
  }
  return {};
}

Result<void> readHashes(const Json& manifest, Manifest& out) {
  const auto hashes = manifest.find("sha256");
  if (hashes == manifest.end() || hashes->is_null()) return {};
  if (!hashes->is_object()) return bad("manifest.json: sha256 is no object");
  for (const auto& [name, hash] : hashes->items()) {
    const auto safe = safeName(name);
    if (!safe || !hash.is_string())
      return bad("manifest.json: sha256 has a member that is no file and its hash");
    out.sha256[*safe] = hash.get<std::string>();
  }
  return {};
}

bool allowedInName(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '\\';
}

}  // namespace

Result<std::string> safeName(std::string_view name) {
  const auto refuse = [&] { return bad("invalid file path in archive: " + log::quoted(name)); };
  if (name.empty() || name.size() > kMaxNameBytes || name.front() == '/') return refuse();
  if (!std::all_of(name.begin(), name.end(), allowedInName)) return refuse();
  std::string clean;
  std::size_t parts = 0;
  for (std::string_view rest = name; !rest.empty();) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == ".." || part.size() > kMaxPartBytes || ++parts > kMaxParts) return refuse();
    if (!clean.empty()) clean.push_back('/');
    clean.append(part);
  }
  if (clean.empty()) return refuse();
  return clean;
}

Result<Manifest> parseManifest(std::string_view text, std::size_t max_files) {
  if (text.size() > kMaxManifestBytes) return bad("manifest.json is too large");
  auto json = parseJson(text);
  if (!json) return std::move(json).error();
  if (!json->is_object()) return bad("manifest.json is no JSON object");
  Manifest manifest;
  manifest.text = text;
  if (auto read = readFiles(*json, max_files, manifest); !read) return std::move(read).error();
  auto checksum = textOf(*json, "checksum");
  if (!checksum) return std::move(checksum).error();
  auto signature = textOf(*json, "signature");
  if (!signature) return std::move(signature).error();
  manifest.checksum = std::move(*checksum);
  manifest.signature = std::move(*signature);
  if (auto read = readHashes(*json, manifest); !read) return std::move(read).error();
  const auto hooks = json->find("custom_middleware");
  if (hooks == json->end() || !hooks->is_object())
    return bad("manifest.json has no custom_middleware object");
  return manifest;
}

}  // namespace tykpp::bundle
