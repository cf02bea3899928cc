#include "bundle/verify.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <set>
#include <utility>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "base/log.hpp"
#include "bundle/impl/bad_bundle.hpp"

namespace tykpp::bundle {
namespace {

/// A hash that is fed piece by piece.
class Hash {
 public:
  explicit Hash(const EVP_MD* kind) : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), kind, nullptr);
  }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string finish() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    return {reinterpret_cast<const char*>(digest), size};
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

Result<void> verifySignature(const Manifest& manifest, const Digests& digests,
                             const PublicKey& key) {
  const auto signature = decodeBase64(manifest.signature);
  if (!signature) return bad("illegal base64 data in the signature");
  return key.verify(digests.sha256, *signature);
}

/// Hashes the manifest has beyond the original format's; files without one are covered by the
/// others.
Result<void> verifyHashes(const Manifest& manifest, const Digests& digests) {
  for (const auto& [name, hash] : manifest.sha256) {
    const auto found = digests.by_file.find(name);
    if (found == digests.by_file.end())
      return bad("manifest.json: sha256 names a file that file_list does not: " +
                 log::quoted(name));
    if (!equalsIgnoreCase(found->second, hash))
      return bad("invalid checksum: SHA-256 of " + log::quoted(name));
  }
  return {};
}

}  // namespace

Result<Digests> digestFiles(const std::vector<std::string>& files, const FileReader& read) {
  Digests digests;
  Hash md5(EVP_md5());
  Hash sha256(EVP_sha256());
  for (const std::string& name : files) {
    Hash own(EVP_sha256());
    std::uint64_t size = 0;
    const ByteSink add = [&](std::string_view piece) -> Result<void> {
      md5.add(piece);
      sha256.add(piece);
      own.add(piece);
      size += piece.size();
      return {};
    };
    if (auto done = read(name, add); !done) return std::move(done).error();
    digests.by_file[name] = hex(own.finish());
    digests.sizes[name] = size;
  }
  digests.md5 = hex(md5.finish());
  digests.sha256 = sha256.finish();
  return digests;
}

Result<void> verify(const Manifest& manifest, const Digests& digests,
                    const std::optional<PublicKey>& key, Strictness strictness) {
  const bool is_signed = !manifest.signature.empty();
  if (key && !is_signed) return bad("Bundle isn't signed");
  if (strictness == Strictness::kPartial && !is_signed) return {};
  if (digests.md5 != manifest.checksum) return bad("invalid checksum");
  if (auto hashes = verifyHashes(manifest, digests); !hashes) return hashes;
  if (key) return verifySignature(manifest, digests, *key);
  return {};
}

std::vector<std::string> unlistedFiles(const Archive& archive, const Manifest& manifest) {
  std::set<std::string_view> known(manifest.files.begin(), manifest.files.end());
  known.insert(kManifestName);
  std::vector<std::string> unlisted;
  for (const ArchiveEntry& entry : archive.entries()) {
    if (!entry.folder && !known.contains(entry.name)) unlisted.push_back(entry.name);
  }
  return unlisted;
}

FileReader folderReader(std::string folder) {
  return
      [folder = std::move(folder)](const std::string& name, const ByteSink& sink) -> Result<void> {
        const std::string path = folder + "/" + name;
        const int file =
            ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // no waiting for a FIFO
        if (file < 0)
          return bad("the bundle lacks a file of its file_list: " + log::quoted(name) + ": " +
                     std::strerror(errno));
        const std::unique_ptr<const int, void (*)(const int*)> guard(
            &file, [](const int* fd) { ::close(*fd); });
        struct stat status {};
        if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
          return bad("in the bundle's file_list, but no file: " + log::quoted(name));
        std::string piece(64U << 10, '\0');
        while (true) {
          const ssize_t got = ::read(file, piece.data(), piece.size());
          if (got < 0 && errno == EINTR) continue;
          if (got < 0) return bad("can't read " + log::quoted(name) + ": " + std::strerror(errno));
          if (got == 0) return {};
          if (auto taken = sink({piece.data(), static_cast<std::size_t>(got)}); !taken)
            return taken;
        }
      };
}

}  // namespace tykpp::bundle
