#include <sys/stat.h>
#include <zip.h>

#include <set>
#include <utility>

#include "bundle/archive.hpp"

namespace tykpp::bundle {
namespace {

// 1980-01-01 00:00:00, where the clock of the format starts.
constexpr zip_uint16_t kDosDate = (0 << 9) | (1 << 5) | 1;
constexpr zip_uint16_t kDosTime = 0;
constexpr zip_uint32_t kBestCompression = 9;

struct DiscardZip {
  void operator()(zip_t* zip) const noexcept { zip_discard(zip); }
};
struct FreeSource {
  void operator()(zip_source_t* source) const noexcept { zip_source_free(source); }
};

Error failed(zip_t* zip) { return {Errc::kIo, std::string("zip: ") + zip_strerror(zip)}; }

/// What depends neither on the machine nor on the hour.
Result<void> setAttributes(zip_t* zip, zip_uint64_t index, mode_t mode) {
  if (zip_file_set_dostime(zip, index, kDosTime, kDosDate, 0) != 0 ||
      zip_file_set_external_attributes(zip, index, 0, ZIP_OPSYS_UNIX,
                                       static_cast<zip_uint32_t>(mode) << 16) != 0)
    return failed(zip);
  return {};
}

/// The folders of a name, each once: there are readers that make no folder without an entry of its
/// own.
Result<void> addFolders(zip_t* zip, const std::string& name, std::set<std::string>& made) {
  for (std::size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    const std::string folder = name.substr(0, slash + 1);
    if (!made.insert(folder).second) continue;
    const zip_int64_t index = zip_dir_add(zip, folder.c_str(), ZIP_FL_ENC_UTF_8);
    if (index < 0) return failed(zip);
    if (auto set = setAttributes(zip, static_cast<zip_uint64_t>(index), S_IFDIR | 0755); !set)
      return set;
  }
  return {};
}

Result<void> addFile(zip_t* zip, const std::string& name, const std::string& bytes) {
  zip_source_t* source = zip_source_buffer(zip, bytes.data(), bytes.size(), 0);
  if (source == nullptr) return failed(zip);
  const zip_int64_t index = zip_file_add(zip, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return failed(zip);
  }
  const auto at = static_cast<zip_uint64_t>(index);
  if (zip_set_file_compression(zip, at, ZIP_CM_DEFLATE, kBestCompression) != 0) return failed(zip);
  return setAttributes(zip, at, S_IFREG | 0644);
}

Result<std::string> readBack(zip_source_t* source) {
  const auto broken = [&] {
    return Error(Errc::kIo, std::string("zip: ") + zip_error_strerror(zip_source_error(source)));
  };
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0) return broken();
  std::string bytes(stat.size, '\0');
  const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (got < 0 || static_cast<std::size_t>(got) != bytes.size()) return broken();
  return bytes;
}

}  // namespace

Result<std::string> writeArchive(const std::vector<std::pair<std::string, std::string>>& files) {
  zip_error_t error;
  zip_error_init(&error);
  const std::unique_ptr<zip_source_t, FreeSource> source(
      zip_source_buffer_create(nullptr, 0, 0, &error));
  if (!source) return Error(Errc::kIo, "zip: no memory");
  zip_source_keep(source.get());  // one hold is the archive's, one ours
  std::unique_ptr<zip_t, DiscardZip> zip(zip_open_from_source(source.get(), ZIP_TRUNCATE, &error));
  if (!zip) {
    zip_source_free(source.get());
    return Error(Errc::kIo, std::string("zip: ") + zip_error_strerror(&error));
  }
  std::set<std::string> folders;
  for (const auto& [name, bytes] : files) {
    if (auto added = addFolders(zip.get(), name, folders); !added) return std::move(added).error();
    if (auto added = addFile(zip.get(), name, bytes); !added) return std::move(added).error();
  }
  if (zip_close(zip.get()) != 0) return failed(zip.get());
  (void)zip.release();  // closed
  return readBack(source.get());
}

}  // namespace tykpp::bundle
