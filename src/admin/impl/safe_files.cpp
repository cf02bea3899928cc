#include "admin/impl/safe_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "definition/gateway_config.hpp"

namespace tykpp::admin {
namespace {

constexpr mode_t kFileMode = 0644;

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

Error fileError(const std::string& file) { return {Errc::kIo, file + ": " + std::strerror(errno)}; }

std::string directoryOf(const definition::GatewayConfig& config, const std::string& path) {
  std::string directory = path;
  if (!directory.starts_with('/') && !config.working_directory.empty()) {
    directory = config.working_directory + "/" + directory;
  }
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  return directory;
}

Result<void> syncDirectory(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fileError(directory);
  const bool synced = ::fsync(fd) == 0;
  const Error error = fileError(directory);
  ::close(fd);
  if (!synced) return error;
  return {};
}

Result<void> replaceFile(const std::string& directory, const std::string& name,
                         std::string_view text) {
  const std::string file = directory + "/" + name;
  Temporary temporary;
  std::string pattern = directory + "/.tykpp-XXXXXX";  // no .json: never taken for a definition
  temporary.fd = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (temporary.fd < 0) return fileError(file);
  temporary.name = pattern;
  if (::fchmod(temporary.fd, kFileMode) != 0 || !writeAll(temporary.fd, text) ||
      ::fsync(temporary.fd) != 0 || ::rename(temporary.name.c_str(), file.c_str()) != 0) {
    return fileError(file);
  }
  temporary.name.clear();
  return {};
}

}  // namespace tykpp::admin
