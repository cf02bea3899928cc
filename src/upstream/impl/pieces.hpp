#pragma once
// Small parts that the files of a call share.

#include <sys/uio.h>

#include <array>
#include <charconv>
#include <coroutine>
#include <string_view>

namespace tykpp::upstream {

inline iovec pieceOf(std::string_view text) {
  return {const_cast<char*>(text.data()), text.size()};
}

/// The line in front of a chunk (RFC 9112 section 7.1); `buffer` holds it.
inline std::string_view chunkLine(std::size_t size, std::array<char, 20>& buffer) {
  char* end = std::to_chars(buffer.data(), buffer.data() + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

/// Suspends the caller until the upload says that it has ended.
struct UploadEnd {
  std::coroutine_handle<>& waiter;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) noexcept { waiter = caller; }
  void await_resume() const noexcept {}
};

/// Pieces in a row before others get a turn.
inline constexpr int kStreak = 16;

}  // namespace tykpp::upstream
