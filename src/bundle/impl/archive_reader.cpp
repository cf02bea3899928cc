#include <sys/stat.h>
#include <zip.h>

#include <map>
#include <utility>

#include "base/log.hpp"
#include "bundle/archive.hpp"
#include "bundle/impl/bad_bundle.hpp"
#include "bundle/impl/central_directory.hpp"
#include "bundle/manifest.hpp"

namespace tykpp::bundle {
namespace {

constexpr std::size_t kPieceBytes = 64U << 10;

struct CloseZip {
  void operator()(zip_t* zip) const noexcept { zip_discard(zip); }
};
struct CloseFile {
  void operator()(zip_file_t* file) const noexcept { zip_fclose(file); }
};

Result<zip_t*> openZip(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_t* zip = nullptr;
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source != nullptr) {
    zip = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (zip == nullptr) zip_source_free(source);
  }
  const std::string why = zip_error_strerror(&error);
  zip_error_fini(&error);
  if (zip == nullptr) return bad("zip: not a valid zip file: " + why);
  return zip;
}

/// What the maker's system says the entry is: a file, a folder, or what no bundle has.
Result<void> checkKind(zip_t* zip, zip_uint64_t index, const std::string& name) {
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  zip_file_get_external_attributes(zip, index, 0, &system, &attributes);
  // Every system that keeps a mode keeps it here; DOS leaves these bits empty.
  const mode_t kind = static_cast<mode_t>(attributes >> 16) & S_IFMT;
  if (kind == S_IFLNK) return bad("link in archive: " + log::quoted(name));
  if (kind != 0 && kind != S_IFREG && kind != S_IFDIR)
    return bad("neither file nor folder in archive: " + log::quoted(name));
  return {};
}

}  // namespace

class Archive::Impl {
 public:
  Impl(zip_t* zip, const ArchiveLimits& limits) : limits_(limits), zip_(zip) {}

  Result<void> readDirectory(const std::vector<std::string_view>& names);
  Result<void> read(const ArchiveEntry& entry, const ByteSink& sink);

  const std::vector<ArchiveEntry>& entries() const noexcept { return entries_; }
  const ArchiveEntry* find(std::string_view name) const noexcept {
    const auto found = by_name_.find(name);
    if (found == by_name_.end() || entries_[found->second].folder) return nullptr;
    return &entries_[found->second];
  }

 private:
  Result<void> addEntry(zip_uint64_t index, std::string_view raw);
  Result<void> checkParents() const;

  const ArchiveLimits limits_;
  std::unique_ptr<zip_t, CloseZip> zip_;
  std::vector<ArchiveEntry> entries_;
  std::vector<zip_uint64_t> indexes_;  // beside entries_
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::uint64_t declared_ = 0;
  std::uint64_t unpacked_ = 0;
};

Result<void> Archive::Impl::readDirectory(const std::vector<std::string_view>& names) {
  const zip_int64_t count = zip_get_num_entries(zip_.get(), 0);
  if (count < 0 || static_cast<std::size_t>(count) != names.size())
    return bad("zip: the archive has two directories");
  if (names.size() > limits_.files)
    return bad("the archive has more than " + std::to_string(limits_.files) + " files");
  entries_.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (auto added = addEntry(i, names[i]); !added) return added;
  }
  return checkParents();
}

Result<void> Archive::Impl::addEntry(zip_uint64_t index, std::string_view raw) {
  ArchiveEntry entry;
  const char* seen = zip_get_name(zip_.get(), index, ZIP_FL_ENC_RAW);
  if (seen == nullptr || raw != seen)
    return bad("invalid file path in archive: " + log::quoted(raw));
  auto name = safeName(raw);
  if (!name) return std::move(name).error();
  entry.name = std::move(*name);
  entry.folder = raw.back() == '/';
  if (auto kind = checkKind(zip_.get(), index, entry.name); !kind) return kind;
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(zip_.get(), index, 0, &stat) != 0)
    return bad("zip: " + std::string(zip_strerror(zip_.get())));
  if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
    return bad("encrypted file in archive: " + log::quoted(entry.name));
  entry.packed = stat.comp_size;
  entry.declared = stat.size;
  // Only to refuse early: what is unpacked is counted.
  if (entry.declared > limits_.unpacked_bytes - declared_)
    return bad("the archive unpacks to more than " + std::to_string(limits_.unpacked_bytes) +
               " bytes");
  declared_ += entry.declared;
  const auto [at, fresh] = by_name_.emplace(entry.name, entries_.size());
  if (!fresh && !(entry.folder && entries_[at->second].folder))
    return bad("the archive has two files of one name: " + log::quoted(entry.name));
  if (!fresh) return {};
  entries_.push_back(std::move(entry));
  indexes_.push_back(index);
  return {};
}

Result<void> Archive::Impl::checkParents() const {
  for (const ArchiveEntry& entry : entries_) {
    for (std::size_t slash = entry.name.find('/'); slash != std::string::npos;
         slash = entry.name.find('/', slash + 1)) {
      const auto parent = by_name_.find(std::string_view(entry.name).substr(0, slash));
      if (parent != by_name_.end() && !entries_[parent->second].folder)
        return bad("a file in the archive is a folder too: " + log::quoted(parent->first));
    }
  }
  return {};
}

Result<void> Archive::Impl::read(const ArchiveEntry& entry, const ByteSink& sink) {
  const auto at = static_cast<std::size_t>(&entry - entries_.data());
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(zip_.get(), indexes_[at], 0));
  if (!file) return bad("zip: " + log::quoted(entry.name) + ": " + zip_strerror(zip_.get()));
  std::string piece(kPieceBytes, '\0');
  while (true) {
    const zip_int64_t got = zip_fread(file.get(), piece.data(), piece.size());
    if (got < 0)
      return bad("zip: " + log::quoted(entry.name) + ": " + zip_file_strerror(file.get()));
    if (got == 0) return {};
    const auto size = static_cast<std::size_t>(got);
    if (size > limits_.unpacked_bytes - unpacked_)
      return bad("the archive unpacks to more than " + std::to_string(limits_.unpacked_bytes) +
                 " bytes");
    unpacked_ += size;
    if (auto taken = sink(std::string_view(piece.data(), size)); !taken) return taken;
  }
}

Result<Archive> Archive::open(std::string_view bytes, const ArchiveLimits& limits) {
  const auto names = namesInDirectory(bytes);
  if (!names) return names.error();
  const auto zip = openZip(bytes);
  if (!zip) return zip.error();
  auto impl = std::make_unique<Impl>(*zip, limits);
  if (auto read = impl->readDirectory(*names); !read) return std::move(read).error();
  return Archive(std::move(impl));
}

Archive::Archive(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Archive::~Archive() = default;
Archive::Archive(Archive&&) noexcept = default;
Archive& Archive::operator=(Archive&&) noexcept = default;

const std::vector<ArchiveEntry>& Archive::entries() const noexcept { return impl_->entries(); }

const ArchiveEntry* Archive::find(std::string_view name) const noexcept {
  return impl_->find(name);
}

Result<void> Archive::read(const ArchiveEntry& entry, const ByteSink& sink) {
  return impl_->read(entry, sink);
}

Result<std::string> Archive::readAll(const ArchiveEntry& entry, std::size_t max) {
  std::string all;
  const ByteSink collect = [&](std::string_view piece) -> Result<void> {
    if (piece.size() > max - all.size()) return bad(log::quoted(entry.name) + " is too large");
    all.append(piece);
    return {};
  };
  if (auto read = impl_->read(entry, collect); !read) return std::move(read).error();
  return all;
}

}  // namespace tykpp::bundle
