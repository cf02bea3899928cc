#include "drivers/js/impl/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace tykpp::drivers::js {
namespace {

void writeAll(int fd, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = ::write(fd, text.data() + at, text.size() - at);
    if (wrote > 0) {
      at += static_cast<std::size_t>(wrote);
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace

OutputPump::~OutputPump() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void OutputPump::write(To to, std::string line) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || queued_bytes_ + line.size() > kMaxQueuedBytes) return;
  queued_bytes_ += line.size();
  queue_.push_back({to, std::move(line)});
  if (!thread_.joinable()) thread_ = std::thread([this] { pump(); });
  wake_.notify_one();
}

void OutputPump::pump() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const std::vector<Line> lines = std::exchange(queue_, {});
    lock.unlock();
    for (const Line& line : lines) writeAll(static_cast<int>(line.to), line.text);
    lock.lock();
    for (const Line& line : lines) queued_bytes_ -= line.text.size();
  }
}

}  // namespace tykpp::drivers::js
