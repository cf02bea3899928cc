#pragma once
// Lua patterns, compiled and matched under the call's time limit: the library's own matcher can
// backtrack for hours inside one C function, where nothing can interrupt it.

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <lua.hpp>
#include <string_view>
#include <vector>

namespace tykpp::drivers::lua {

/// A compiled pattern.
class Pattern {
 public:
  enum class Kind : std::uint8_t {
    kByte,
    kAny,
    kSet,
    kOpen,      // a capture begins
    kPosition,  // an empty capture: where it stands
    kClose,
    kBack,      // what a capture took, once more
    kBalanced,  // %bxy
    kFrontier,  // %f[set]
    kEnd
  };
  enum class Repeat : std::uint8_t { kOnce, kMaybe, kStar, kPlus, kShortest };
  struct Item {
    Kind kind = Kind::kByte;
    Repeat repeat = Repeat::kOnce;
    unsigned char first = 0;
    unsigned char second = 0;
    std::bitset<256> set = {};
  };

  /// @param anchors  a `^` in front ties the match to its start. Raises a Lua error for malformed
  /// patterns.
  Pattern(lua_State* lua, std::string_view text, bool anchors);
  bool anchored() const noexcept { return anchored_; }
  const std::vector<Item>& items() const noexcept { return items_; }

 private:
  void single(lua_State* lua);
  void escaped(lua_State* lua);
  void setAt(lua_State* lua, std::bitset<256>& set);
  Repeat repeatHere();
  bool more() const noexcept { return at_ < text_.size(); }

  std::string_view text_;
  std::size_t at_ = 0;
  bool anchored_ = false;
  std::vector<Item> items_;
};

/// Matches one subject.
class Matcher {
 public:
  Matcher(lua_State* lua, const Pattern& pattern, std::string_view subject);
  /// Tries at one place. @return where the match ends, npos when there is none
  std::size_t matchAt(std::size_t start);
  /// Pushes the captures, the whole match when there are none and `whole` is set. @return how many
  int pushCaptures(std::size_t start, std::size_t end, bool whole);
  /// Pushes the capture of that number from 0; number 0 of a pattern without captures is the match.
  void pushCapture(int number, std::size_t start, std::size_t end);

 private:
  static constexpr std::size_t kNone = std::string_view::npos;
  static constexpr int kMaxCaptures = 32;
  static constexpr std::size_t kOpenLength = kNone;
  static constexpr std::size_t kPositionLength = kNone - 1;
  struct Capture {
    std::size_t start;
    std::size_t length;
  };
  std::size_t run(std::size_t item, std::size_t at);
  std::size_t repeated(const Pattern::Item& item, std::size_t next, std::size_t at);
  std::size_t opened(std::size_t item, std::size_t at, std::size_t length);
  std::size_t closed(std::size_t item, std::size_t at);
  std::size_t balanced(const Pattern::Item& item, std::size_t at) const;
  std::size_t again(const Pattern::Item& item, std::size_t at) const;
  bool frontier(const Pattern::Item& item, std::size_t at) const;
  bool takes(const Pattern::Item& item, std::size_t at) const noexcept;
  void step() {
    if ((++steps_ & 0xffff) == 0) [[unlikely]]
      checkTime();
  }
  void checkTime();

  lua_State* lua_;
  const Pattern& pattern_;
  std::string_view subject_;
  std::array<Capture, kMaxCaptures> captures_;
  int level_ = 0;
  int depth_ = 0;
  std::uint32_t steps_ = 0;
};

/// Replaces `find`, `match`, `gmatch` and `gsub` in the table at the top.
void addPatternFunctions(lua_State* lua);

}  // namespace tykpp::drivers::lua
