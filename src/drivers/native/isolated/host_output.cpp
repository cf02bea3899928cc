// What host processes say: frames on the control socket, lines on stdout and stderr.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/log.hpp"
#include "drivers/native/impl/host_api.hpp"
#include "drivers/native/isolated/supervisor.hpp"

namespace tykpp::drivers::native::isolated {
namespace {

constexpr std::size_t kMaxFrame = 4U << 20;
constexpr std::size_t kMaxHooks = 4096;
constexpr std::size_t kMaxLine = 8192;
constexpr std::size_t kKeptOutput = 4096;
/// Reads of one host before the others have a turn.
constexpr int kReadsATurn = 16;

}  // namespace

void Supervisor::readControl(Host& host) {
  std::array<char, 16384> buffer;
  for (int turn = 0; turn < kReadsATurn; ++turn) {
    const ssize_t got = ::recv(host.control_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      died(host, "");
      return;
    }
    host.incoming_.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t used = 0;
    while (host.control_ >= 0) {
      auto frame = nextFrame(std::string_view(host.incoming_).substr(used), kMaxFrame);
      if (!frame) {
        died(host, "it sent " + frame.error().message());
        return;
      }
      if (!*frame) break;
      take(host, **frame);
      used += (*frame)->size;
    }
    if (host.control_ < 0) return;
    host.incoming_.erase(0, used);
  }
}

void Supervisor::take(Host& host, const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::kReady:
      if (!host.greeted_) return takeTable(host, FrameReader(frame.body));
      break;
    case FrameKind::kFailed:
      if (!host.greeted_) return died(host, std::string(FrameReader(frame.body).text()));
      break;
    case FrameKind::kLog:
      return takeLog(host, FrameReader(frame.body));
    default:
      break;
  }
  died(host, "it sent a frame that has no place there");
}

void Supervisor::takeTable(Host& host, FrameReader frame) {
  PluginTable table;
  table.name = frame.text();
  const auto count = frame.number<std::uint32_t>();
  if (count > kMaxHooks) frame.fail();
  for (std::uint32_t i = 0; i < count && frame.good(); ++i) {
    HookEntry entry;
    entry.name = frame.text();
    entry.places = frame.number<std::uint32_t>();
    entry.flags = frame.number<std::uint32_t>();
    table.hooks.push_back(std::move(entry));
  }
  if (!frame.done()) return died(host, "it sent a table that is malformed");
  host.greeted_ = true;
  host.due_ = {};
  {
    const std::lock_guard lock(host.mutex_);
    if (host.generation_++ == 0) host.table_ = std::move(table);
    host.error_.clear();
    if (host.state_ != Host::State::kRetired) host.state_ = Host::State::kReady;
    for (const auto& [number, hook] : host.hooks_) host.sendHook(number, hook);
  }
  host.changed_.notify_all();
  TYKPP_LOG(info, "plugin", "plugin host ready plugin={} pid={} restarts={}",
            log::quoted(host.file_), host.pid_, host.restarts_);
}

void Supervisor::takeLog(const Host& host, FrameReader frame) {
  const auto level = frame.number<std::int32_t>();
  const bool in_call = frame.flag();
  const auto request = frame.number<std::uint64_t>();
  const std::string_view hook_name = frame.text();
  const std::string_view api_id = frame.text();
  const std::string_view text = frame.text();
  if (!frame.done()) return;
  const auto severity = severityOf(level);
  spdlog::logger& logger = log::room("plugin");
  if (!logger.should_log(severity)) return;
  if (!in_call) {
    logger.log(severity, "plugin says {} plugin={}", log::quoted(text), log::quoted(host.file_));
    return;
  }
  logger.log(severity, "plugin says {} plugin={} hook_name={} api_id={} request_id={}",
             log::quoted(text), log::quoted(host.table_.name), log::quoted(hook_name),
             log::quoted(api_id), request);
}

void Supervisor::readOutput(Host& host) {
  if (host.output_ < 0) return;
  std::array<char, 8192> buffer;
  for (int turn = 0; turn < kReadsATurn; ++turn) {
    const ssize_t got = ::read(host.output_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    if (got == 0) {  // closed, while the process may live on
      ::close(std::exchange(host.output_, -1));
      return;
    }
    writeLines(host, {buffer.data(), static_cast<std::size_t>(got)});
  }
}

void Supervisor::writeLines(Host& host, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    host.line_.append(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end == std::string_view::npos && host.line_.size() < kMaxLine) return;
    if (!host.line_.empty()) keepLine(host, std::string_view(host.line_).substr(0, kMaxLine));
    host.line_.clear();
  }
}

void Supervisor::keepLine(Host& host, std::string_view line) {
  TYKPP_LOG(info, "plugin", "plugin writes {} plugin={} pid={}", log::quoted(line),
            log::quoted(host.file_), host.pid_);
  if (!host.crashing_ && (line.starts_with("panic: ") || line.starts_with("fatal error: "))) {
    host.crashing_ = true;
    host.last_output_.clear();
  }
  std::string& kept = host.last_output_;
  if (!host.crashing_ && kept.size() + line.size() > kKeptOutput) {
    kept.erase(0, std::min(kept.size(), kept.size() + line.size() - kKeptOutput));
  }
  if (kept.size() < kKeptOutput) {
    kept.append(line.substr(0, kKeptOutput - kept.size()));
    kept += '\n';
  }
}

}  // namespace tykpp::drivers::native::isolated
