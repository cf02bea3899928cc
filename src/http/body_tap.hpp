#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace tykpp::http {

/// Keeps the front of a body that streams by. Thread: the exchange's worker.
class BodyTap {
 public:
  /// @param limit  bytes to keep
  explicit BodyTap(std::size_t limit) : limit_(limit) {}
  void add(std::string_view piece) { text_.append(piece.substr(0, limit_ - text_.size())); }
  const std::string& text() const noexcept { return text_; }
  std::size_t limit() const noexcept { return limit_; }
  /// Puts another text in place of what was kept.
  void replace(std::string text) { text_ = std::move(text); }

 private:
  const std::size_t limit_;
  std::string text_;
};

}  // namespace tykpp::http
