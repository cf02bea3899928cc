#include "gateway/file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/log.hpp"

namespace tykpp::gateway {
namespace {

constexpr std::uint32_t kChanges =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;

bool isPlugin(std::string_view name) {
  return name.ends_with(".js") || name.ends_with(".lua") || name.ends_with(".py") ||
         name.ends_with(".so");
}

/// Whether any of these events is about a definition or a plugin: temporary files of editors and of
/// ourselves are not.
bool concernsUs(const char* data, std::size_t size, int definitions) {
  for (std::size_t at = 0; at + sizeof(inotify_event) <= size;) {
    inotify_event event{};
    std::memcpy(&event, data + at, sizeof event);
    const std::string_view name(event.len > 0 ? data + at + sizeof event : "");
    if ((event.mask & IN_Q_OVERFLOW) != 0 || isPlugin(name)) return true;
    if (event.wd == definitions && name.ends_with(".json")) return true;
    at += sizeof event + event.len;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<FileWatch>> FileWatch::open(boost::asio::io_context& io,
                                                   const std::string& directory,
                                                   std::function<void()> changed) {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  const int definitions = fd < 0 ? -1 : ::inotify_add_watch(fd, directory.c_str(), kChanges);
  if (definitions < 0) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    return Error(Errc::kIo, "cannot watch " + directory + ": " + why);
  }
  auto watch = std::make_unique<FileWatch>(io, fd, std::move(changed));
  watch->definitions_ = definitions;
  watch->next();
  return watch;
}

void FileWatch::watchPlugins(const std::set<std::string>& directories) {
  std::erase_if(plugin_directories_, [&](const auto& entry) {
    if (directories.contains(entry.first)) return false;
    // The same number stands for one directory, whatever path led to it.
    if (entry.second != definitions_) ::inotify_rm_watch(events_.native_handle(), entry.second);
    return true;
  });
  for (const std::string& directory : directories) {
    if (plugin_directories_.contains(directory)) continue;
    const int number =
        ::inotify_add_watch(events_.native_handle(), directory.c_str(), kChanges | IN_MASK_ADD);
    if (number >= 0) {
      plugin_directories_.emplace(directory, number);
    } else if (errno != ENOENT) {
      TYKPP_LOG(warn, "main", "cannot watch plugins directory={} reason={}", log::quoted(directory),
                std::strerror(errno));
    }
  }
}

FileWatch::FileWatch(boost::asio::io_context& io, int fd, std::function<void()> changed)
    : events_(io, fd), quiet_(io), changed_(std::move(changed)), buffer_{} {}

void FileWatch::next() {
  events_.async_read_some(boost::asio::buffer(buffer_),
                          [this](const boost::system::error_code& error, std::size_t size) {
                            if (error) return;
                            if (concernsUs(buffer_.data(), size, definitions_)) {
                              quiet_.expires_after(kQuiet);  // cancels the wait of an earlier event
                              quiet_.async_wait([this](const boost::system::error_code& cancelled) {
                                if (!cancelled) changed_();
                              });
                            }
                            next();
                          });
}

}  // namespace tykpp::gateway
