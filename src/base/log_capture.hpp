#pragma once
// The log lines of one request, kept for whoever looks at it (`POST /tyk/debug`), debug lines
// included. What the log itself shows stays as it is: its level does not change.

#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace tykpp::log {

/// Lines belong to a request when they say `request_id=` with its number, or are written by a
/// thread that works on it (Scope). While captures live, debug lines of every room are put into
/// words. Thread: any, unless said otherwise.
class Capture {
 public:
  /// What every line says beside its own. Members with empty values are left out.
  struct Fields {
    std::string api_id, api_name, org_id;
  };

  /// @param limit  bytes of text; lines behind it are left out, and the last line says so
  explicit Capture(std::size_t limit);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// For the lines from now on.
  void setFields(Fields fields);
  /// The request has a number now.
  void follow(std::uint64_t request_id);
  /// What works on the request now, told as `mw`. Empty: nothing to name.
  /// @param name  lives until the next call
  void setStep(std::string_view name);
  /// Adds a line. @param code  a status to tell; 0: none
  void add(spdlog::level::level_enum level, std::string_view message, int code = 0);
  /// No line is taken any more.
  void stop();
  /// One JSON object a line, names sorted: `level`, `msg` and `time`, and what is known of
  /// `api_id`, `api_name`, `code`, `mw`, `org_id` and `prefix`.
  std::string lines() const;

  /// Lines that this thread writes belong to the request until the end of the block.
  class Scope {
   public:
    explicit Scope(Capture& capture) noexcept;
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Capture* before_;
  };

 private:
  friend class CaptureSink;
  void offer(const spdlog::details::log_msg& line, bool own_thread);
  void keep(spdlog::level::level_enum level, std::string_view message, std::string_view prefix,
            int code);

  const std::size_t limit_;
  mutable std::mutex mutex_;
  Fields fields_;
  std::string_view step_;
  std::string mark_;  // `request_id=…`; empty: no number yet
  std::string text_;
  bool full_ = false;
  bool stopped_ = false;
};

namespace detail {
/// Hands lines to the captures there are; every logger has it.
std::shared_ptr<spdlog::sinks::sink> captureSink();
/// Whether there is one: it wants debug lines.
bool anyCapture() noexcept;
/// Has every logger let through what the log and the captures there are want.
void setLevels();
}  // namespace detail

}  // namespace tykpp::log
