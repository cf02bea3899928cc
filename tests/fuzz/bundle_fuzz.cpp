// Arbitrary bytes as a bundle, as a manifest and as a list of names: names never leave the folder,
// nothing grows beyond the limits, and whatever is accepted can be described, verified and merged.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64.hpp"
#include "bundle/builder.hpp"
#include "definition/bundle_hooks.hpp"
#include "definition/classic.hpp"

namespace {
using namespace tykpp;
using namespace tykpp::bundle;

constexpr ArchiveLimits kLimits{.unpacked_bytes = 1U << 20, .files = 64};

void require(bool good) {
  if (!good) std::abort();
}

void checkName(const std::string& name) {
  const auto safe = safeName(name);
  require(safe.has_value() && *safe == name);
  require(name.find('\\') == std::string::npos && name.front() != '/');
  require(("/" + name + "/").find("/../") == std::string::npos);
}

/// An API that authenticates by a plugin, so that every hook of a manifest counts.
const definition::ApiSpec& api() {
  static const definition::ApiSpec spec = [] {
    definition::Problems problems;
    return definition::parseClassic(
               R"({"api_id": "a", "name": "a", "active": true, "use_keyless": false,
                   "custom_plugin_auth_enabled": true, "custom_middleware_bundle": "a.zip,b.zip",
                   "version_data": {"not_versioned": true, "versions": {"Default": {"name": "Default"}}},
                   "proxy": {"listen_path": "/a/", "target_url": "http://127.0.0.1:1"}})",
               "a.json", {}, problems)
        .value();
  }();
  return spec;
}

void checkHooks(const std::vector<definition::PluginRef>& hooks, const definition::ApiSpec& spec) {
  for (const definition::PluginRef& hook : hooks) {
    const definition::BundlePart* part = definition::bundleOf(hook, spec);
    require(part != nullptr && !hook.name.empty());
  }
}

void tryMerge(const std::string& text) {
  constexpr const char* kOther = R"({"custom_middleware": {"auth_check": {"name": "A"}}})";
  const std::vector<definition::BundleManifest> lists[] = {
      {{{"a.zip", "/b", {}}, text}},
      {{{"a.zip", "/b/a", {}}, text}, {{"b.zip", "/b/b", {}}, kOther}},
      {{{"a.zip", "/b/a", {}}, text}, {{"b.zip", "/b/b", {}}, text}}};
  for (const auto& bundles : lists) {
    definition::Problems problems;
    const auto merged = definition::withBundle(api(), {"/b", "sum", bundles}, {}, problems);
    if (!merged) {
      require(!problems.empty() && !merged.error().message().empty());
      continue;
    }
    require(merged->hooks.auth.has_value());
    for (const auto* list : {&merged->hooks.pre, &merged->hooks.post, &merged->hooks.post_auth,
                             &merged->hooks.response})
      checkHooks(*list, *merged);
  }
}

void tryNames(std::string_view text) {
  const auto names = definition::bundleNames(text);
  if (!names || names->size() < 2) return;
  std::set<std::string> folders;
  for (const definition::BundleName& name : *names) {
    require(folders.insert(name.folder).second && name.folder != "." && name.folder != "..");
    require(!name.folder.empty() && name.folder.find('/') == std::string::npos);
  }
}

void tryManifest(std::string_view text) {
  const auto manifest = parseManifest(text, kLimits.files);
  if (!manifest) return require(!manifest.error().message().empty());
  require(manifest->files.size() <= kLimits.files);
  for (const std::string& name : manifest->files) checkName(name);
  require(!describeHooks(*manifest).empty());
  if (const auto signature = decodeBase64(manifest->signature))
    require(encodeBase64(*signature).size() <= manifest->signature.size());
  tryMerge(manifest->text);
}

void tryArchive(std::string_view bytes) {
  auto archive = Archive::open(bytes, kLimits);
  if (!archive) return require(!archive.error().message().empty());
  require(archive->entries().size() <= kLimits.files);
  std::set<std::string> names;
  std::uint64_t unpacked = 0;
  for (const ArchiveEntry& entry : archive->entries()) {
    checkName(entry.name);
    require(names.insert(entry.name).second);
    if (entry.folder) continue;
    require(archive->find(entry.name) == &entry);
    (void)archive->read(entry, [&](std::string_view piece) -> Result<void> {
      unpacked += piece.size();
      return {};
    });
  }
  require(unpacked <= kLimits.unpacked_bytes);
  auto again = Archive::open(bytes, kLimits);
  require(again.has_value());
  const auto found = inspect(*again, kLimits);
  if (!found) return;
  require(found->digests.sizes.size() == found->manifest.files.size());
  (void)verify(found->manifest, found->digests, {}, Strictness::kFull);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  tryNames(bytes);
  tryManifest(bytes);
  tryArchive(bytes);
  return 0;
}
