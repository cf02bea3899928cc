#include "admin/impl/definition_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::admin {
namespace {

constexpr mode_t kFileMode = 0644;

Error failure(const std::string& file) { return {Errc::kIo, file + ": " + std::strerror(errno)}; }

bool writeAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

/// Closes at the end of its scope; removes the file unless told that it was renamed.
struct Temporary {
  int fd = -1;
  std::string name;
  ~Temporary() {
    const int saved = errno;
    if (fd >= 0) ::close(fd);
    if (!name.empty()) ::unlink(name.c_str());
    errno = saved;
  }
};

}  // namespace

DefinitionFiles::DefinitionFiles(const definition::GatewayConfig& config)
    : directory_(config.app_path) {
  if (!directory_.starts_with('/') && !config.working_directory.empty()) {
    directory_ = config.working_directory + "/" + directory_;
  }
  while (directory_.size() > 1 && directory_.ends_with('/')) directory_.pop_back();
}

bool DefinitionFiles::exists(const std::string& name) const {
  struct stat info {};
  return ::stat((directory_ + "/" + name).c_str(), &info) == 0;
}

std::string DefinitionFiles::stem(const std::string& api_id,
                                  const definition::ApiSpec* loaded) const {
  if (loaded == nullptr || exists(api_id + ".json")) return api_id;
  const std::size_t slash = loaded->file.rfind('/');
  const std::string name =
      slash == std::string::npos ? loaded->file : loaded->file.substr(slash + 1);
  if (!name.ends_with(".json") || name.size() <= 5) return api_id;
  // Only what really lies in app_path: the same file by device and number, however the path was
  // written.
  struct stat there {};
  struct stat here {};
  if (::stat(loaded->file.c_str(), &there) != 0 ||
      ::stat((directory_ + "/" + name).c_str(), &here) != 0 || there.st_ino != here.st_ino ||
      there.st_dev != here.st_dev) {
    return api_id;
  }
  return name.substr(0, name.size() - 5);
}

bool DefinitionFiles::wouldReplaceCompanion(const std::string& api_id) const {
  for (const std::string_view suffix : {"-oas", "-mcp"}) {
    if (!api_id.ends_with(suffix)) continue;
    if (exists(api_id.substr(0, api_id.size() - suffix.size()) + ".json")) return true;
  }
  return false;
}

Result<void> DefinitionFiles::syncDirectory() const {
  const int fd = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failure(directory_);
  const bool synced = ::fsync(fd) == 0;
  const Error error = failure(directory_);
  ::close(fd);
  if (!synced) return error;
  return {};
}

Result<void> DefinitionFiles::replace(const std::string& name, std::string_view text) const {
  const std::string file = directory_ + "/" + name;
  Temporary temporary;
  std::string pattern = directory_ + "/.tykpp-XXXXXX";  // no .json: never taken for a definition
  temporary.fd = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (temporary.fd < 0) return failure(file);
  temporary.name = pattern;
  if (::fchmod(temporary.fd, kFileMode) != 0 || !writeAll(temporary.fd, text) ||
      ::fsync(temporary.fd) != 0 || ::rename(temporary.name.c_str(), file.c_str()) != 0) {
    return failure(file);
  }
  temporary.name.clear();
  return {};
}

Result<void> DefinitionFiles::write(const std::string& stem, std::string_view classic,
                                    std::string_view oas) const {
  if (!oas.empty()) {
    if (const auto done = replace(stem + "-oas.json", oas); !done) return done;
  }
  if (const auto done = replace(stem + ".json", classic); !done) return done;
  return syncDirectory();
}

Result<void> DefinitionFiles::remove(const std::string& stem, bool companion) const {
  const std::string file = directory_ + "/" + stem;
  if (::unlink((file + ".json").c_str()) != 0) return failure(file + ".json");
  if (companion && ::unlink((file + "-oas.json").c_str()) != 0 && errno != ENOENT) {
    return failure(file + "-oas.json");
  }
  return syncDirectory();
}

}  // namespace tykpp::admin
