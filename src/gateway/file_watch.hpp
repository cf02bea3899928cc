#pragma once
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/error.hpp"

namespace tykpp::gateway {

/// Calls back when definitions in a directory, or plugins in others, were written, moved or
/// removed, once things have been quiet for a moment. Thread: the loop's.
class FileWatch {
 public:
  /// @error kIo when the system refuses the watch
  static Result<std::unique_ptr<FileWatch>> open(boost::asio::io_context& io,
                                                 const std::string& directory,
                                                 std::function<void()> changed);
  FileWatch(boost::asio::io_context& io, int fd, std::function<void()> changed);

  /// Watches these directories for plugins, and those of an earlier call no more. What cannot be
  /// watched is logged.
  void watchPlugins(const std::set<std::string>& directories);

 private:
  static constexpr auto kQuiet = std::chrono::milliseconds(200);
  void next();
  boost::asio::posix::stream_descriptor events_;
  boost::asio::steady_timer quiet_;
  std::function<void()> changed_;
  int definitions_ = -1;                           // inotify's number of that directory
  std::map<std::string, int> plugin_directories_;  // by path: inotify's number
  alignas(8) std::array<char, 4096> buffer_;
};

}  // namespace tykpp::gateway
