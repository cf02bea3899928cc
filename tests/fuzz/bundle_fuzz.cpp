// Arbitrary bytes as a bundle and as a manifest: names never leave the folder, nothing grows beyond
// the limits, and whatever is accepted can be described and verified.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "base/base64.hpp"
#include "bundle/builder.hpp"

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

void tryManifest(std::string_view text) {
  const auto manifest = parseManifest(text, kLimits.files);
  if (!manifest) return require(!manifest.error().message().empty());
  require(manifest->files.size() <= kLimits.files);
  for (const std::string& name : manifest->files) checkName(name);
  require(!describeHooks(*manifest).empty());
  if (const auto signature = decodeBase64(manifest->signature))
    require(encodeBase64(*signature).size() <= manifest->signature.size());
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
  tryManifest(bytes);
  tryArchive(bytes);
  return 0;
}
