#include "base/log_capture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <utility>
#include <vector>

#include "base/utc_time.hpp"

namespace tykpp::log {
namespace {

struct Captures {
  std::mutex mutex;
  std::vector<Capture*> all;
  std::atomic<std::size_t> count{0};
};

Captures& captures() {
  static Captures instance;
  return instance;
}

thread_local Capture* scope_of_thread = nullptr;

/// The names that the reference's logs have.
std::string_view levelName(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
      return "trace";
    case spdlog::level::debug:
      return "debug";
    case spdlog::level::info:
      return "info";
    case spdlog::level::warn:
      return "warning";
    case spdlog::level::err:
      return "error";
    default:
      return "fatal";
  }
}

void appendMember(std::string& line, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  line += line.empty() ? "{\"" : ",\"";
  line += name;
  line += "\":\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      line += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      line += c;
    }
  }
  line += '"';
}

/// Whether a line has the mark as a word of its own.
bool mentions(std::string_view line, std::string_view mark) {
  for (std::size_t at = line.find(mark); at != std::string_view::npos;
       at = line.find(mark, at + 1)) {
    const std::size_t end = at + mark.size();
    const bool begins = at == 0 || line[at - 1] == ' ';
    if (begins && (end == line.size() || line[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

class CaptureSink final : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& line) override {
    Captures& known = captures();
    if (known.count.load(std::memory_order_relaxed) == 0) return;
    const std::lock_guard lock(known.mutex);
    for (Capture* capture : known.all) capture->offer(line, capture == scope_of_thread);
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
};

std::shared_ptr<spdlog::sinks::sink> detail::captureSink() {
  static const auto sink = std::make_shared<CaptureSink>();
  return sink;
}

bool detail::anyCapture() noexcept { return captures().count.load() > 0; }

Capture::Capture(std::size_t limit) : limit_(limit) {
  Captures& known = captures();
  {
    const std::lock_guard lock(known.mutex);
    known.all.push_back(this);
    known.count = known.all.size();
  }
  detail::setLevels();
}

Capture::~Capture() { stop(); }

void Capture::stop() {
  Captures& known = captures();
  {
    const std::lock_guard lock(known.mutex);
    if (std::erase(known.all, this) == 0) return;
    known.count = known.all.size();
  }
  detail::setLevels();
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

void Capture::setFields(Fields fields) {
  const std::lock_guard lock(mutex_);
  fields_ = std::move(fields);
}

void Capture::follow(std::uint64_t request_id) {
  const std::lock_guard lock(mutex_);
  mark_ = "request_id=" + std::to_string(request_id);
}

void Capture::setStep(std::string_view name) {
  const std::lock_guard lock(mutex_);
  step_ = name;
}

void Capture::add(spdlog::level::level_enum level, std::string_view message, int code) {
  const std::lock_guard lock(mutex_);
  if (!stopped_) keep(level, message, {}, code);
}

void Capture::offer(const spdlog::details::log_msg& line, bool own_thread) {
  const std::string_view message(line.payload.data(), line.payload.size());
  const std::lock_guard lock(mutex_);
  if (!own_thread && (mark_.empty() || !mentions(message, mark_))) return;
  keep(line.level, message, {line.logger_name.data(), line.logger_name.size()}, 0);
}

void Capture::keep(spdlog::level::level_enum level, std::string_view message,
                   std::string_view prefix, int code) {
  if (full_) return;
  std::string line;
  appendMember(line, "api_id", fields_.api_id);
  appendMember(line, "api_name", fields_.api_name);
  if (code != 0) line += (line.empty() ? "{" : ",") + fmt::format("\"code\":{}", code);
  appendMember(line, "level", levelName(level));
  full_ = text_.size() + line.size() + message.size() > limit_;
  appendMember(line, "msg", full_ ? "further lines are left out" : message);
  appendMember(line, "mw", step_);
  appendMember(line, "org_id", fields_.org_id);
  appendMember(line, "prefix", prefix);
  appendMember(line, "time", utcTimeText(std::time(nullptr)));
  text_ += line + "}\n";
}

std::string Capture::lines() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

Capture::Scope::Scope(Capture& capture) noexcept
    : before_(std::exchange(scope_of_thread, &capture)) {}

Capture::Scope::~Scope() { scope_of_thread = before_; }

}  // namespace tykpp::log
