#include "bundle/impl/folder.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

#include "base/log.hpp"
#include "bundle/verify.hpp"

namespace tykpp::bundle {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kUnpackPrefix = ".unpack-";
constexpr auto kLeftoverAge = std::chrono::hours(1);

Error failed(const std::string& what) { return {Errc::kIo, what + ": " + std::strerror(errno)}; }

/// A descriptor that closes itself.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Result<void> writeAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("can't write");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<void> syncFolder(const std::string& path) {
  const File folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd() < 0 || ::fsync(folder.fd()) != 0) return failed("can't sync " + path);
  return {};
}

/// Makes the folders of a name, each once; `made` has those there are.
Result<void> makeFolders(const std::string& root, std::string_view name,
                         std::set<std::string>& made) {
  for (std::size_t end = name.find('/');; end = name.find('/', end + 1)) {
    const std::string folder = root + "/" + std::string(name.substr(0, end));
    if (made.insert(folder).second && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
      return failed("can't make " + log::quoted(folder));
    if (end == std::string_view::npos) return {};
  }
}

Result<void> writeFile(Archive& archive, const ArchiveEntry& entry, const std::string& path,
                       const std::atomic<bool>& stop) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file.fd() < 0) return failed("can't make " + log::quoted(entry.name));
  const ByteSink sink = [&](std::string_view piece) -> Result<void> {
    if (stop.load(std::memory_order_relaxed))
      return Error(Errc::kShuttingDown, "the gateway is stopping");
    return writeAll(file.fd(), piece);
  };
  if (auto read = archive.read(entry, sink); !read) return read;
  if (::fsync(file.fd()) != 0) return failed("can't sync " + log::quoted(entry.name));
  return {};
}

/// Where folders cannot be exchanged (some network file systems): nothing is there for a moment.
Result<void> exchangeInSteps(const std::string& one, const std::string& other) {
  const std::string aside = one + ".aside";
  std::error_code ignored;
  fs::remove_all(aside, ignored);  // of a process that died in between
  if (::rename(one.c_str(), aside.c_str()) != 0) return failed("can't move " + one);
  if (::rename(other.c_str(), one.c_str()) != 0) {
    const Error error = failed("can't move " + other);
    (void)::rename(aside.c_str(), one.c_str());
    return error;
  }
  if (::rename(aside.c_str(), other.c_str()) != 0) return failed("can't move " + aside);
  return {};
}

}  // namespace

Result<Manifest> readManifest(const std::string& folder, const ArchiveLimits& limits) {
  const std::string name(kManifestName);
  std::error_code error;
  if (!fs::exists(folder + "/" + name, error))
    return Error(Errc::kBadPlugin, "the bundle has no manifest.json");
  std::string text;
  const ByteSink collect = [&](std::string_view piece) -> Result<void> {
    if (piece.size() > kMaxManifestBytes - text.size())
      return Error(Errc::kBadPlugin, "manifest.json is too large");
    text.append(piece);
    return {};
  };
  if (auto read = folderReader(folder)(name, collect); !read) return std::move(read).error();
  return parseManifest(text, limits.files);
}

Result<void> makeRoot(const Settings& settings) {
  std::error_code error;
  fs::create_directories(fs::path(settings.root).parent_path(), error);
  if (!error && ::mkdir(settings.root.c_str(), 0700) != 0 && errno != EEXIST)
    error.assign(errno, std::generic_category());
  if (error)
    return Error(Errc::kIo,
                 "Couldn't create bundle directory: " + settings.root + ": " + error.message());
  return {};
}

void removeLeftovers(const Settings& settings) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(settings.root, error)) {
    const std::string name = entry.path().filename().string();
    const auto age = fs::file_time_type::clock::now() - entry.last_write_time(error);
    if (name.starts_with(kUnpackPrefix) && !error && age > kLeftoverAge)
      fs::remove_all(entry.path(), error);
  }
}

Result<UnpackFolder> UnpackFolder::make(const Settings& settings) {
  if (auto made = makeRoot(settings); !made) return std::move(made).error();
  std::string path = settings.root + "/" + std::string(kUnpackPrefix) + "XXXXXX";
  if (::mkdtemp(path.data()) == nullptr)  // of mode 0700
    return failed("Couldn't create bundle directory: " + path);
  return UnpackFolder(std::move(path));
}

UnpackFolder::UnpackFolder(UnpackFolder&& other) noexcept
    : path_(std::exchange(other.path_, std::string())) {}

UnpackFolder::~UnpackFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<void> UnpackFolder::fill(const std::string& folder, Archive& archive,
                                const std::atomic<bool>& stop) {
  if (folder != path_ && ::mkdir(folder.c_str(), 0700) != 0)
    return failed("can't make " + log::quoted(folder));
  std::set<std::string> folders;
  for (const ArchiveEntry& entry : archive.entries()) {
    const std::size_t slash = entry.name.rfind('/');
    const std::string_view parent = entry.folder ? std::string_view(entry.name)
                                    : slash == std::string::npos
                                        ? std::string_view{}
                                        : std::string_view(entry.name).substr(0, slash);
    if (!parent.empty()) {
      if (auto made = makeFolders(folder, parent, folders); !made) return made;
    }
    if (entry.folder) continue;
    if (auto wrote = writeFile(archive, entry, folder + "/" + entry.name, stop); !wrote)
      return wrote;
  }
  for (const std::string& made : folders) {
    if (auto synced = syncFolder(made); !synced) return synced;
  }
  if (auto synced = syncFolder(folder); !synced || folder == path_) return synced;
  return syncFolder(path_);
}

/// What was in use, which is what path_ is by now.
Result<void> UnpackFolder::keepAs(const std::string& previous) {
  std::error_code error;
  if (fs::exists(previous, error)) return exchangeFolders(path_, previous);
  if (::rename(path_.c_str(), previous.c_str()) != 0) return failed("can't move to " + previous);
  path_.clear();
  return {};
}

Result<void> UnpackFolder::place(const Places& places) {
  std::error_code error;
  if (!fs::exists(places.current, error)) {
    if (::rename(path_.c_str(), places.current.c_str()) == 0) {
      path_.clear();
    } else if (errno != EEXIST && errno != ENOTEMPTY) {  // else another gateway was faster
      return failed("can't move to " + places.current);
    }
  } else {
    if (auto swapped = exchangeFolders(path_, places.current); !swapped) return swapped;
    if (auto kept = keepAs(places.previous); !kept)
      TYKPP_LOG(warn, "main", "a rollback will not be possible: {}",
                log::quoted(kept.error().message()));
  }
  return syncFolder(fs::path(places.current).parent_path().string());
}

Result<void> exchangeFolders(const std::string& one, const std::string& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return {};
  if (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP) return exchangeInSteps(one, other);
  return failed("can't exchange " + one + " and " + other);
}

}  // namespace tykpp::bundle
