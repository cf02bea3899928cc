#include "definition/impl/file_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tykpp::definition {
namespace {

struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Error systemError(const char* what) {
  const int code = errno;
  return {code == ENOENT ? Errc::kNotFound : Errc::kIo,
          std::string(what) + ": " + std::strerror(code)};
}

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileStamp FileStamp::of(const struct stat& status) noexcept {
  return {nanoseconds(status.st_mtim), nanoseconds(status.st_ctim),
          static_cast<std::uint64_t>(status.st_size), status.st_ino};
}

Result<FileContent> readFile(int directory, const char* path, std::size_t max_bytes) {
  const Descriptor file{::openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (file.fd < 0) return systemError("cannot be opened");
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) return systemError("cannot be examined");
  if (S_ISDIR(status.st_mode)) return Error(Errc::kIo, "is a directory, not a file");
  if (!S_ISREG(status.st_mode)) return Error(Errc::kIo, "is not a regular file");
  const auto too_large = [&] {
    return Error(Errc::kIo, "is larger than the limit of " + std::to_string(max_bytes) + " bytes");
  };
  if (static_cast<std::uint64_t>(status.st_size) > max_bytes) return too_large();
  FileContent content;
  content.stamp = FileStamp::of(status);
  // One byte more than expected: the end of the file is seen without another read.
  content.bytes.resize(static_cast<std::size_t>(status.st_size) + 1);
  std::size_t have = 0;
  while (true) {
    if (have == content.bytes.size()) {
      if (have > max_bytes) return too_large();
      content.bytes.resize(have * 2);
    }
    const ssize_t got = ::read(file.fd, content.bytes.data() + have, content.bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return systemError("cannot be read");
    have += static_cast<std::size_t>(got);
    // A short read of a regular file ends it, but for a file that is growing: that one has another
    // stamp next time.
    if (got == 0 || have == static_cast<std::size_t>(status.st_size)) break;
  }
  content.bytes.resize(have);
  return content;
}

}  // namespace tykpp::definition
