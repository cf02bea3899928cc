#pragma once
// Logging: one logger a room, level tested before arguments are built, lines as key=value on
// stderr. Asynchronous; when the queue is full the oldest line is dropped and counted, the caller
// never waits.

#include <spdlog/spdlog.h>

#include <string>
#include <string_view>

namespace tykpp::log {

enum class Format : std::uint8_t { kText, kJson };

/// Called once at start, before any thread logs. @param level debug, info, warn or error
void init(std::string_view level, Format format);
/// Writes what is queued; called before exit.
void shutdown();
/// The logger of a room; `prefix` appears on each line (`prefix=main`). Thread: any. Never null.
spdlog::logger& room(const char* prefix);
/// Lines that were dropped because the queue was full.
std::uint64_t dropped() noexcept;
/// A key as logs show it: its last four characters, or all of it. Source: `enable_key_logging`
std::string shownKey(std::string_view key, bool whole = false);
/// Text as a log value: quoted with escapes unless it is plain, so that no input can forge a line.
std::string quoted(std::string_view text);

}  // namespace tykpp::log

/// `TYKPP_LOG(info, "main", "API loaded api_id={}", id)`
#define TYKPP_LOG(level_, prefix_, ...)                     \
  do {                                                      \
    auto& tykpp_logger = ::tykpp::log::room(prefix_);       \
    if (tykpp_logger.should_log(spdlog::level::level_)) {   \
      tykpp_logger.log(spdlog::level::level_, __VA_ARGS__); \
    }                                                       \
  } while (false)
