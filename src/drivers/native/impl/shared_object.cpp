#include "drivers/native/impl/shared_object.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>

namespace tykpp::drivers::native {
namespace {

constexpr std::string_view kQuery = "tykpp_plugin_query";
constexpr std::size_t kMaxFileBytes = std::size_t{512} << 20;
constexpr std::size_t kMaxHooks = 4096;

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
constexpr std::string_view kArchitecture = "amd64";
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
constexpr std::string_view kArchitecture = "arm64";
#else
#error "name this machine's ELF number and its name in plugin file names"
#endif

Error bad(std::string message) { return Error(Errc::kBadPlugin, std::move(message)); }
std::string errnoText() { return std::strerror(errno); }

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

using Answer = Result<std::shared_ptr<const SharedObject>>;

/// Objects of the process by digest, refused ones too: never closed, so none may be opened twice.
struct Opened {
  std::mutex mutex;
  std::map<std::string, Answer> by_digest;
  std::string go_file;  // that brought the process' Go runtime
};
Opened& opened() {
  static Opened* const all = new Opened;  // outlives every plugin thread
  return *all;
}

Result<std::string> readAll(int fd, std::size_t size) {
  std::string content(size, '\0');
  std::size_t at = 0;
  while (at < size) {
    const ssize_t got = ::read(fd, content.data() + at, size - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return bad("cannot be read: " + errnoText());
    if (got == 0) break;
    at += static_cast<std::size_t>(got);
  }
  content.resize(at);
  return content;
}

std::string sha256(std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

/// Every mapped piece must be inside the file: mapping beyond its end would end the process with
/// SIGBUS.
bool complete(std::string_view content, const Elf64_Ehdr& head) {
  if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phoff > content.size()) return false;
  if ((content.size() - head.e_phoff) / sizeof(Elf64_Phdr) < head.e_phnum) return false;
  for (std::size_t i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr part;
    std::memcpy(&part, content.data() + head.e_phoff + i * sizeof part, sizeof part);
    if (part.p_type != PT_LOAD && part.p_type != PT_DYNAMIC) continue;
    if (part.p_offset > content.size() || part.p_filesz > content.size() - part.p_offset) {
      return false;
    }
  }
  return true;
}

Result<void> checkHandshake(const tykpp_info_plugin* info) {
  if (info == nullptr) return bad("tykpp_plugin_query answered null");
  if (info->magic != TYKPP_ABI_MAGIC) {
    return bad("tykpp_plugin_query answered something that is no tykpp_info_plugin");
  }
  if (info->abi_version != TYKPP_ABI_VERSION) {
    return bad("was built for plugin ABI " + std::to_string(info->abi_version) +
               ", this gateway speaks " + std::to_string(TYKPP_ABI_VERSION) +
               ": build it again with this gateway's tykpp/plugin.h");
  }
  if (info->size < sizeof(tykpp_info_plugin) || info->hook_size < sizeof(tykpp_hook_plugin)) {
    return bad("has a handshake table that is too small for plugin ABI 1");
  }
  if (info->hook_count > kMaxHooks || (info->hooks == nullptr && info->hook_count > 0)) {
    return bad("has a hook table that cannot be right");
  }
  return {};
}

/// Entries are `hook_size` apart: a newer plugin.h may have made them longer.
const tykpp_hook_plugin& entry(const tykpp_info_plugin& info, std::size_t index) {
  const auto* bytes = reinterpret_cast<const char*>(info.hooks) + index * info.hook_size;
  return *reinterpret_cast<const tykpp_hook_plugin*>(bytes);
}

Result<void> checkTable(const SharedObject& object) {
  for (std::size_t i = 0; i < object.info->hook_count; ++i) {
    const tykpp_hook_plugin& hook = entry(*object.info, i);
    if (hook.name == nullptr || hook.function == nullptr) {
      return bad("has a hook without name or function: entry " + std::to_string(i));
    }
    if ((hook.flags & ~(TYKPP_HOOK_BODY | TYKPP_HOOK_BLOCKS)) != 0) {
      return bad("asks for something this gateway does not know: flags of hook \"" +
                 std::string(hook.name) + "\"");
    }
    if (object.find(hook.name) != &hook) {
      return bad("has two hooks named \"" + std::string(hook.name) + "\"");
    }
  }
  return {};
}

Result<const tykpp_info_plugin*> query(void* handle) {
  using Query = const tykpp_info_plugin* (*)(void);
  const auto ask = reinterpret_cast<Query>(::dlsym(handle, kQuery.data()));
  if (ask == nullptr) return bad("does not export tykpp_plugin_query");
  try {
    return ask();
  } catch (...) {  // a foreign function: whatever it throws must not end the gateway
    return bad("threw an exception in tykpp_plugin_query");
  }
}

Answer shakeHands(void* handle, const std::string& file, const std::string& digest) {
  auto info = query(handle);
  if (!info) return info.error();
  if (auto fits = checkHandshake(*info); !fits) return fits.error();
  SharedObject object{file, digest, *info};
  if (auto right = checkTable(object); !right) return right.error();
  return std::make_shared<const SharedObject>(std::move(object));
}

Result<void*> openForGood(const std::string& staged) {
  // Never closed: a plugin's threads and static objects may outlive its last request.
  void* const handle = ::dlopen(staged.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle != nullptr) return handle;
  const char* why = ::dlerror();
  return bad("cannot be loaded: " + std::string(why != nullptr ? why : "unknown reason"));
}

bool sameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
         a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

}  // namespace

Result<std::shared_ptr<const SharedObject>> openStaged(const std::string& staged,
                                                       const std::string& file,
                                                       const std::string& digest) {
  const Result<void*> handle = openForGood(staged);
  return handle ? shakeHands(*handle, file, digest) : handle.error();
}

bool hasGoRuntime(std::string_view content) noexcept {
  return content.find(".note.go.buildid") != std::string_view::npos ||
         content.find("Go buildinf:") != std::string_view::npos;
}

const tykpp_hook_plugin* SharedObject::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < info->hook_count; ++i) {
    const tykpp_hook_plugin& hook = entry(*info, i);
    if (hook.name != nullptr && name == hook.name) return &hook;
  }
  return nullptr;
}

const tykpp_hook_plugin& SharedObject::at(std::size_t index) const noexcept {
  return entry(*info, index);
}

std::string SharedObject::names() const {
  std::string all;
  for (std::size_t i = 0; i < info->hook_count; ++i) {
    all += (i == 0 ? "" : ", ") + std::string(entry(*info, i).name);
  }
  return all.empty() ? "none" : all;
}

Result<std::string> locate(std::string_view path, const std::string& working_directory,
                           const std::string& compatible_version) {
  if (path.empty()) return bad("no plugin file: `path` is empty");
  std::filesystem::path base(path);
  if (base.is_relative() && !working_directory.empty()) base = working_directory / base;
  std::vector<std::string> candidates;
  if (base.extension() == ".so") {
    const std::string stem = (base.parent_path() / base.stem()).string();
    const std::string tail = compatible_version + "_linux_" + std::string(kArchitecture) + ".so";
    candidates = {stem + "_v" + tail, stem + "_" + tail};
  }
  candidates.push_back(base.string());
  std::string looked;
  for (const std::string& candidate : candidates) {
    struct stat status {};
    if (::stat(candidate.c_str(), &status) == 0) return candidate;
    if (errno != ENOENT && errno != ENOTDIR) {
      return bad("plugin file " + candidate + " cannot be read: " + errnoText());
    }
    looked += (looked.empty() ? "" : ", ") + candidate;
  }
  return bad("plugin file not found, looked for " + looked);
}

Result<void> checkContent(std::string_view content) {
  Elf64_Ehdr head;
  if (content.size() < sizeof head || content.substr(0, SELFMAG) != ELFMAG) {
    return bad("is no shared object (no ELF file)");
  }
  std::memcpy(&head, content.data(), sizeof head);
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_machine != kMachine) {
    return bad("is built for another machine than " + std::string(kArchitecture));
  }
  if (head.e_type != ET_DYN) return bad("is an ELF file, but no shared object");
  if (!complete(content, head)) return bad("is incomplete: the file ends too early");
  // Looked for before the loader runs any of its code; a symbol's name stands in the string table
  // with its NUL.
  if (content.find(std::string_view(kQuery.data(), kQuery.size() + 1)) != std::string_view::npos) {
    return {};
  }
  if (hasGoRuntime(content)) {
    return bad(
        "was built with -buildmode=plugin, which only the gateway it was built for can load; "
        "rebuild "
        "its source with `tykpp plugin build DIR`");
  }
  return bad(
      "is a shared object, but no tykpp plugin: it does not export tykpp_plugin_query (see "
      "tykpp/plugin.h; in C++ "
      "TYKPP_PLUGIN does it)");
}

ObjectStore::~ObjectStore() {
  for (const std::string& file : staged_) ::unlink(file.c_str());
  if (!directory_.empty()) ::rmdir(directory_.c_str());
}

namespace {

/// A plugin file, open for reading.
struct Input {
  explicit Input(const std::string& path)
      // Not blocking: the path may be a FIFO, which is refused.
      : file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  Result<void> check() {
    if (file.get() < 0) return bad("cannot be read: " + errnoText());
    if (::fstat(file.get(), &status) != 0) return bad("cannot be read: " + errnoText());
    if (!S_ISREG(status.st_mode)) {
      return bad(S_ISDIR(status.st_mode) ? "is a directory" : "is no regular file");
    }
    if (static_cast<std::size_t>(status.st_size) > kMaxFileBytes) {
      return bad("is larger than 512 MB");
    }
    return {};
  }
  Result<std::string> content() {
    auto bytes = readAll(file.get(), static_cast<std::size_t>(status.st_size));
    if (!bytes) return bytes.error();
    if (auto usable = checkContent(*bytes); !usable) return usable.error();
    return bytes;
  }
  File file;
  struct stat status {};
};

Error named(const std::string& file, const Error& error) {
  return bad("plugin " + file + " " + error.message());
}

}  // namespace

Result<std::shared_ptr<const SharedObject>> ObjectStore::open(const std::string& file) {
  Input input(file);
  if (auto there = input.check(); !there) return named(file, there.error());
  if (const auto seen = by_path_.find(file);
      seen != by_path_.end() && sameFile(seen->second.status, input.status)) {
    return seen->second.object;
  }
  auto content = input.content();
  if (!content) return named(file, content.error());
  auto object = load(file, *content, sha256(*content));
  if (!object) return named(file, object.error());
  by_path_[file] = {input.status, *object};
  return *object;
}

Result<std::string> ObjectStore::digestOf(const std::string& file) {
  Input input(file);
  if (auto there = input.check(); !there) return named(file, there.error());
  if (const auto seen = digests_.find(file);
      seen != digests_.end() && sameFile(seen->second.status, input.status)) {
    return seen->second.digest;
  }
  auto content = input.content();
  if (!content) return named(file, content.error());
  std::string digest = sha256(*content);
  digests_[file] = {input.status, digest};
  return digest;
}

Result<std::string> ObjectStore::copy(const std::string& file, const std::string& digest,
                                      std::string_view use) {
  Input input(file);
  if (auto there = input.check(); !there) return named(file, there.error());
  auto content = input.content();
  if (!content) return named(file, content.error());
  if (sha256(*content) != digest) return named(file, bad("changes while it is read"));
  return stage(*content, digest + "-" + std::string(use));
}

Result<std::shared_ptr<const SharedObject>> ObjectStore::load(const std::string& file,
                                                              std::string_view content,
                                                              const std::string& digest) {
  Opened& all = opened();
  const std::lock_guard lock(all.mutex);
  if (const auto known = all.by_digest.find(digest); known != all.by_digest.end()) {
    return known->second;
  }
  if (hasGoRuntime(content) && !all.go_file.empty()) {
    return bad("brings a Go runtime, and this process has the one of " + all.go_file +
               " already, which cannot be unloaded: let it run in a process of its own "
               "(\"isolate\": true)");
  }
  auto staged = stage(content, digest);
  if (!staged) return staged.error();
  const Result<void*> handle = openForGood(*staged);
  if (!handle) return handle.error();
  if (hasGoRuntime(content)) all.go_file = file;
  return all.by_digest.emplace(digest, shakeHands(*handle, file, digest)).first->second;
}

Result<std::string> ObjectStore::stage(std::string_view content, const std::string& digest) {
  if (directory_.empty()) {
    std::string root = temp_;
    if (const char* env = std::getenv("TMPDIR"); root.empty() && env != nullptr) root = env;
    if (root.empty()) root = "/tmp";
    std::string pattern = root + "/tykpp-plugins-" + std::to_string(::getpid()) + "-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      return bad("cannot be staged: making a directory in " + root + ": " + errnoText());
    }
    directory_ = pattern;
  }
  std::string file = directory_ + "/" + digest + ".so";
  ::unlink(
      file.c_str());  // left by a try that the loader refused; what is mapped is never written to
  const File output(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700));
  if (output.get() < 0) return bad("cannot be staged as " + file + ": " + errnoText());
  staged_.push_back(file);
  while (!content.empty()) {
    const ssize_t put = ::write(output.get(), content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return bad("cannot be staged as " + file + ": " + errnoText());
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  return file;
}

}  // namespace tykpp::drivers::native
