#include "gateway/file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace tykpp::gateway {
namespace {

/// Whether any of these events is about a definition: temporary files of editors and of ourselves
/// are not.
bool concernsDefinition(const char* data, std::size_t size) {
  for (std::size_t at = 0; at + sizeof(inotify_event) <= size;) {
    inotify_event event{};
    std::memcpy(&event, data + at, sizeof event);
    const std::string_view name(event.len > 0 ? data + at + sizeof event : "");
    if ((event.mask & IN_Q_OVERFLOW) != 0 || name.ends_with(".json")) return true;
    at += sizeof event + event.len;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<FileWatch>> FileWatch::open(boost::asio::io_context& io,
                                                   const std::string& directory,
                                                   std::function<void()> changed) {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0 || ::inotify_add_watch(
                    fd, directory.c_str(),
                    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR) < 0) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    return Error(Errc::kIo, "cannot watch " + directory + ": " + why);
  }
  auto watch = std::make_unique<FileWatch>(io, fd, std::move(changed));
  watch->next();
  return watch;
}

FileWatch::FileWatch(boost::asio::io_context& io, int fd, std::function<void()> changed)
    : events_(io, fd), quiet_(io), changed_(std::move(changed)), buffer_{} {}

void FileWatch::next() {
  events_.async_read_some(boost::asio::buffer(buffer_),
                          [this](const boost::system::error_code& error, std::size_t size) {
                            if (error) return;
                            if (concernsDefinition(buffer_.data(), size)) {
                              quiet_.expires_after(kQuiet);  // cancels the wait of an earlier event
                              quiet_.async_wait([this](const boost::system::error_code& cancelled) {
                                if (!cancelled) changed_();
                              });
                            }
                            next();
                          });
}

}  // namespace tykpp::gateway
