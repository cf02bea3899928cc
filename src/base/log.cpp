#include "base/log.hpp"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "base/log_capture.hpp"

namespace tykpp::log {
namespace {

constexpr std::size_t kQueueLines = 8192;

struct State {
  std::mutex mutex;
  std::shared_ptr<spdlog::sinks::sink> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  spdlog::level::level_enum level = spdlog::level::info;
  std::map<std::string, std::shared_ptr<spdlog::logger>, std::less<>> rooms;
};

State& state() {
  static State instance;
  return instance;
}

/// What loggers let through; the way to the log itself keeps to its own level.
spdlog::level::level_enum loggerLevel(const State& s) {
  return detail::anyCapture() ? std::min(s.level, spdlog::level::debug) : s.level;
}

/// The way to the queue of the writer.
class QueueSink final : public spdlog::sinks::sink {
 public:
  QueueSink(std::shared_ptr<spdlog::async_logger> queue, spdlog::level::level_enum level)
      : queue_(std::move(queue)) {
    queue_->set_level(spdlog::level::trace);
    set_level(level);
  }
  void log(const spdlog::details::log_msg& line) override {
    queue_->log(line.time, line.source, line.level, line.payload);
  }
  void flush() override { queue_->flush(); }
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  const std::shared_ptr<spdlog::async_logger> queue_;
};

std::string jsonText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

/// The message as one quoted value; a line break in it cannot start a line of its own.
class Payload final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& msg, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const std::string text = jsonText({msg.payload.data(), msg.payload.size()});
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Payload>();
  }
};

std::unique_ptr<spdlog::formatter> makeFormatter(Format format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<Payload>('*');
  formatter->set_pattern(
      format == Format::kJson
          ? R"({"level":"%l","msg":"%*","prefix":"%n","time":"%Y-%m-%dT%H:%M:%S%z"})"
          : R"(time="%b %d %H:%M:%S" level=%l msg="%*" prefix=%n)");
  return formatter;
}

}  // namespace

void init(std::string_view level, Format format) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  s.level = spdlog::level::from_str(std::string(level));
  s.sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  s.sink->set_formatter(makeFormatter(format));
  s.pool = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  s.rooms.clear();
}

void shutdown() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  for (auto& [name, logger] : s.rooms) logger->flush();
  s.pool
      .reset();  // joins the writer after the queue is empty; later lines are lost, as at any exit
}

spdlog::logger& room(const char* prefix) {
  thread_local std::map<const char*, spdlog::logger*> cache;
  if (const auto hit = cache.find(prefix); hit != cache.end()) return *hit->second;
  State& s = state();
  const std::lock_guard lock(s.mutex);
  auto& logger = s.rooms[prefix];
  if (!logger) {
    if (s.sink && s.pool) {
      auto queue = std::make_shared<spdlog::async_logger>(
          prefix, s.sink, s.pool, spdlog::async_overflow_policy::overrun_oldest);
      logger = std::make_shared<spdlog::logger>(
          prefix, spdlog::sinks_init_list{detail::captureSink(),
                                          std::make_shared<QueueSink>(std::move(queue), s.level)});
    } else {  // before init(): unit tests
      auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
      sink->set_formatter(makeFormatter(Format::kText));
      sink->set_level(s.level);
      logger = std::make_shared<spdlog::logger>(
          prefix, spdlog::sinks_init_list{detail::captureSink(), std::move(sink)});
    }
    logger->set_level(loggerLevel(s));
  }
  return *(cache[prefix] = logger.get());
}

void detail::setLevels() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  for (auto& [name, logger] : s.rooms) logger->set_level(loggerLevel(s));
}

std::uint64_t dropped() noexcept {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  return s.pool ? s.pool->overrun_counter() : 0;
}

std::string shownKey(std::string_view key, bool whole) {
  constexpr std::size_t kShown = 4;
  if (whole) return std::string(key);
  return key.size() > kShown ? "****" + std::string(key.substr(key.size() - kShown)) : "--";
}

std::string quoted(std::string_view text) {
  bool plain = !text.empty();
  for (const char c : text) {
    plain = plain && (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                      std::string_view("-._/@^+").find(c) != std::string_view::npos);
  }
  return plain ? std::string(text) : '"' + jsonText(text) + '"';
}

}  // namespace tykpp::log
