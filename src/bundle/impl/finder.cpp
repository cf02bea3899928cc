#include "bundle/impl/finder.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "base/log.hpp"
#include "bundle/impl/bad_bundle.hpp"
#include "bundle/impl/folder.hpp"
#include "bundle/impl/installer.hpp"
#include "bundle/verify.hpp"

namespace tykpp::bundle {
namespace {

/// What changes whenever a file does; ctime cannot be set back.
void addStamp(const std::string& path, std::string& out) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    out += "absent;";
    return;
  }
  for (const auto number :
       {static_cast<long long>(status.st_ino), static_cast<long long>(status.st_size),
        static_cast<long long>(status.st_mtim.tv_sec),
        static_cast<long long>(status.st_mtim.tv_nsec),
        static_cast<long long>(status.st_ctim.tv_sec),
        static_cast<long long>(status.st_ctim.tv_nsec)})
    out += std::to_string(number) + ',';
  out += ';';
}

/// Tells the folders apart that were unpacked at different times.
std::string folderId(const std::string& folder) {
  struct stat status {};
  (void)::stat(folder.c_str(), &status);
  return std::to_string(status.st_ino);
}

std::string fingerprint(const std::string& folder, const Manifest& manifest,
                        const std::string& key_file) {
  std::string out = sha256Hex(manifest.text) + folderId(folder) + ';';
  for (const std::string& name : manifest.files) addStamp(folder + "/" + name, out);
  if (!key_file.empty()) addStamp(key_file, out);
  return out;
}

/// Equal for equal content of one unpacking. Files outside `file_list` come and go with the folder.
std::string contentChecksum(const std::string& folder, const Manifest& manifest,
                            const Digests& digests) {
  std::string all = sha256Hex(manifest.text) + folderId(folder);
  for (const auto& [name, hash] : digests.by_file) all += hash;
  return sha256Hex(all);
}

/// The files' bytes; one that cannot be read has none. For bundles of which nobody asks more: the
/// original gateway does not look at their files at all.
FileReader lenient(FileReader strict) {
  return
      [strict = std::move(strict)](const std::string& name, const ByteSink& sink) -> Result<void> {
        if (auto read = strict(name, sink); !read)
          TYKPP_LOG(warn, "main", "bundle is loaded all the same: {}", read.error().message());
        return {};
      };
}

}  // namespace

Result<Found> Finder::find(const std::string& name) {
  Found found;
  if (settings_.plugins.management_node) {
    found.state = Found::State::kSkipped;
    return found;
  }
  if (settings_.plugins.bundle_base_url.empty())
    return bad("No bundle base URL set, skipping bundle");
  const Places places(settings_, name);
  if (places.bundles.empty())
    return bad("the name " + definition::bundleNames(name).error().message());
  if (!places.filled()) return missing(places);
  TYKPP_LOG(info, "main", "Loading existing bundle: {}", log::quoted(name));
  const std::lock_guard lock(disk_);
  auto content = loadAll(places);
  if (!content) return std::move(content).error();
  TYKPP_LOG(info, "main", "----> Using bundle: {}", log::quoted(name));
  found.state = Found::State::kReady;
  found.content = std::move(*content);
  found.revalidate =
      settings_.plugins.bundle_revalidate && settings_.plugins.enable_bundle_downloader;
  return found;
}

Result<Found> Finder::missing(const Places& places) const {
  for (const definition::BundleName& bundle : places.bundles) {
    if (!settings_.plugins.enable_bundle_downloader)
      return toldOf("Couldn't fetch bundle", bundle, "Bundle downloader is disabled");
    if (const auto source = locate(settings_.plugins.bundle_base_url, bundle.name); !source)
      return toldOf("Couldn't fetch bundle", bundle, source.error());
  }
  return Found{};
}

Result<definition::BundleContent> Finder::loadAll(const Places& places) {
  definition::BundleContent content;
  content.folder = places.current;
  for (const definition::BundleName& bundle : places.bundles) {
    const std::string folder = Places::folderIn(places.current, bundle);
    const auto known = load(folder);
    if (!known) return toldOf("Couldn't load bundle", bundle, known.error());
    content.bundles.push_back({{bundle.name, folder, (*known)->files}, (*known)->text});
    content.checksum += (*known)->checksum;
  }
  if (content.bundles.size() > 1) content.checksum = sha256Hex(content.checksum);
  return content;
}

Result<const Finder::Known*> Finder::load(const std::string& folder) {
  auto manifest = readManifest(folder, settings_.limits);
  if (!manifest) return manifest.error();
  const std::string& key_file = settings_.plugins.public_key_path;
  std::string print = fingerprint(folder, *manifest, key_file);
  Known& known = known_[folder];
  if (known.fingerprint == print) return &known;
  known = Known{};
  std::optional<PublicKey> key;
  const bool asks = !settings_.plugins.skip_verify_existing_plugin_bundle;
  if (asks && !key_file.empty()) {
    auto loaded = PublicKey::load(key_file);
    if (!loaded) return loaded.error();
    key = std::move(*loaded);
  }
  const bool strict = asks && (key || !manifest->signature.empty());
  const FileReader reader = strict ? folderReader(folder) : lenient(folderReader(folder));
  const auto digests = digestFiles(manifest->files, reader);
  if (!digests) return digests.error();
  if (asks) {
    if (auto good = verify(*manifest, *digests, key, Strictness::kPartial); !good)
      return good.error();
  }
  known = {std::move(print), manifest->text, manifest->files,
           contentChecksum(folder, *manifest, *digests)};
  return &known;
}

void Finder::keepOnly(const std::set<std::string>& names) {
  std::set<std::string> folders;
  for (const std::string& name : names) {
    const Places places(settings_, name);
    for (const auto& bundle : places.bundles)
      folders.insert(Places::folderIn(places.current, bundle));
  }
  std::erase_if(known_, [&](const auto& known) { return !folders.contains(known.first); });
}

Result<void> Finder::rollback(const std::string& name) {
  const Places places(settings_, name);
  std::error_code error;
  const std::lock_guard lock(disk_);
  if (!std::filesystem::exists(places.current, error) ||
      !std::filesystem::exists(places.previous, error))
    return Error(Errc::kNotFound, "there is no other version of the bundle " + log::quoted(name));
  return exchangeFolders(places.current, places.previous);
}

}  // namespace tykpp::bundle
