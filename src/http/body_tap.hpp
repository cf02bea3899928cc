#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tykpp::http {

/// Keeps a body that streams by, up to a limit. Thread: the exchange's worker.
class BodyTap {
 public:
  /// What becomes of a body that is longer than the limit.
  enum class Longer : std::uint8_t {
    kFront,    ///< its front is kept
    kNothing,  ///< nothing of it is
  };
  /// @param limit  bytes to keep
  explicit BodyTap(std::size_t limit, Longer longer = Longer::kFront)
      : limit_(limit), longer_(longer) {}

  void add(std::string_view piece) {
    if (next_ != nullptr) next_->add(piece);
    if (overflown_) return;
    overflown_ = piece.size() > limit_ - text_.size();
    if (overflown_ && longer_ == Longer::kNothing) {
      text_ = {};
    } else {
      text_.append(piece.substr(0, limit_ - text_.size()));
    }
  }
  const std::string& text() const noexcept { return text_; }
  std::size_t limit() const noexcept { return limit_; }
  /// Whether there was more than the limit.
  bool overflown() const noexcept { return overflown_; }
  /// Puts another text in place of what was kept.
  void replace(std::string text) { text_ = std::move(text); }
  /// Another one that gets the same. @param next  outlives the body
  void passOn(BodyTap& next) noexcept { next_ = &next; }

 private:
  const std::size_t limit_;
  const Longer longer_;
  bool overflown_ = false;
  BodyTap* next_ = nullptr;
  std::string text_;
};

}  // namespace tykpp::http
