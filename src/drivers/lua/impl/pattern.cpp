#include "drivers/lua/impl/pattern.hpp"

#include "drivers/lua/impl/convert.hpp"
#include "drivers/lua/impl/state.hpp"

namespace tykpp::drivers::lua {
namespace {

/// What recursion of one match costs on the stack is bounded by this many choices.
constexpr int kMaxMatchDepth = 200;

bool between(int c, int low, int high) noexcept { return c >= low && c <= high; }

bool isOfClass(int c, char name) noexcept {
  const bool lower = between(c, 'a', 'z');
  const bool upper = between(c, 'A', 'Z');
  const bool digit = between(c, '0', '9');
  const bool printed = between(c, 0x21, 0x7e);
  switch (name) {
    case 'a':
      return lower || upper;
    case 'c':
      return c < 0x20 || c == 0x7f;
    case 'd':
      return digit;
    case 'g':
      return printed;
    case 'l':
      return lower;
    case 'p':
      return printed && !lower && !upper && !digit;
    case 's':
      return c == ' ' || between(c, '\t', '\r');
    case 'u':
      return upper;
    case 'w':
      return lower || upper || digit;
    case 'x':
      return digit || between(c, 'a', 'f') || between(c, 'A', 'F');
    case 'z':
      return c == 0;
    default:
      return false;
  }
}

constexpr std::string_view kClasses = "acdglpsuwxz";

/// Adds what `%name` means; a letter in upper case means all else.
void addClass(std::bitset<256>& set, char name) {
  const bool inverse = between(name, 'A', 'Z');
  const char base = inverse ? static_cast<char>(name - 'A' + 'a') : name;
  if (kClasses.find(base) == std::string_view::npos) {
    set.set(static_cast<unsigned char>(name));
    return;
  }
  for (int c = 0; c < 256; ++c) {
    if (isOfClass(c, base) != inverse) set.set(static_cast<std::size_t>(c));
  }
}

}  // namespace

Pattern::Pattern(lua_State* lua, std::string_view text, bool anchors) : text_(text) {
  if (anchors && text_.starts_with('^')) {
    anchored_ = true;
    at_ = 1;
  }
  while (more()) {
    const char c = text_[at_];
    if (c == '(') {
      const bool position = at_ + 1 < text_.size() && text_[at_ + 1] == ')';
      items_.push_back({position ? Kind::kPosition : Kind::kOpen});
      at_ += position ? 2 : 1;
    } else if (c == ')') {
      items_.push_back({Kind::kClose});
      ++at_;
    } else if (c == '$' && at_ + 1 == text_.size()) {
      items_.push_back({Kind::kEnd});
      ++at_;
    } else if (c == '%') {
      escaped(lua);
    } else {
      single(lua);
    }
  }
}

Pattern::Repeat Pattern::repeatHere() {
  if (!more()) return Repeat::kOnce;
  constexpr std::string_view kSigns = "?*+-";
  constexpr Repeat kRepeats[] = {Repeat::kMaybe, Repeat::kStar, Repeat::kPlus, Repeat::kShortest};
  const std::size_t sign = kSigns.find(text_[at_]);
  if (sign == std::string_view::npos) return Repeat::kOnce;
  ++at_;
  return kRepeats[sign];
}

/// Something that takes one byte.
void Pattern::single(lua_State* lua) {
  Item item;
  const char c = text_[at_++];
  if (c == '.') {
    item.kind = Kind::kAny;
  } else if (c == '[') {
    item.kind = Kind::kSet;
    setAt(lua, item.set);
  } else {
    item.first = static_cast<unsigned char>(c);
  }
  item.repeat = repeatHere();
  items_.push_back(item);
}

void Pattern::escaped(lua_State* lua) {
  ++at_;
  if (!more()) luaL_error(lua, "malformed pattern (ends with '%%')");
  const char c = text_[at_++];
  Item item;
  if (c == 'b') {
    if (at_ + 1 >= text_.size()) luaL_error(lua, "unbalanced pattern");
    item.kind = Kind::kBalanced;
    item.first = static_cast<unsigned char>(text_[at_]);
    item.second = static_cast<unsigned char>(text_[at_ + 1]);
    at_ += 2;
  } else if (c == 'f') {
    if (!more() || text_[at_] != '[') luaL_error(lua, "missing '[' after '%%f' in pattern");
    ++at_;
    item.kind = Kind::kFrontier;
    setAt(lua, item.set);
  } else if (between(c, '0', '9')) {
    item.kind = Kind::kBack;
    item.first = static_cast<unsigned char>(c);
  } else {
    item.kind = Kind::kSet;
    addClass(item.set, c);
    item.repeat = repeatHere();
  }
  items_.push_back(item);
}

/// Behind the `[`.
void Pattern::setAt(lua_State* lua, std::bitset<256>& set) {
  const bool inverse = more() && text_[at_] == '^';
  if (inverse) ++at_;
  for (bool first = true;; first = false) {
    if (!more()) luaL_error(lua, "malformed pattern (missing ']')");
    const char c = text_[at_++];
    if (c == ']' && !first) break;
    if (c == '%') {
      if (!more()) luaL_error(lua, "malformed pattern (ends with '%%')");
      addClass(set, text_[at_++]);
    } else if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
      const int last = static_cast<unsigned char>(text_[at_ + 1]);
      for (int one = static_cast<unsigned char>(c); one <= last; ++one) {
        set.set(static_cast<std::size_t>(one));
      }
      at_ += 2;
    } else {
      set.set(static_cast<unsigned char>(c));
    }
  }
  if (inverse) set.flip();
}

Matcher::Matcher(lua_State* lua, const Pattern& pattern, std::string_view subject)
    : lua_(lua), pattern_(pattern), subject_(subject) {}

std::size_t Matcher::matchAt(std::size_t start) {
  level_ = 0;
  depth_ = 0;
  step();
  return run(0, start);
}

void Matcher::checkTime() {
  if (State::of(lua_).watched().late()) luaL_error(lua_, "the hook's time is up");
}

bool Matcher::takes(const Pattern::Item& item, std::size_t at) const noexcept {
  if (at >= subject_.size()) return false;
  const auto c = static_cast<unsigned char>(subject_[at]);
  if (item.kind == Pattern::Kind::kByte) return c == item.first;
  return item.kind == Pattern::Kind::kAny || item.set.test(c);
}

/// Items from `item` on, at this place. Recursion happens where there is a choice to come back to.
std::size_t Matcher::run(std::size_t item, std::size_t at) {
  using Kind = Pattern::Kind;
  if (++depth_ > kMaxMatchDepth) luaL_error(lua_, "pattern too complex");
  const auto& items = pattern_.items();
  while (item < items.size()) {
    const Pattern::Item& one = items[item];
    switch (one.kind) {
      case Kind::kOpen:
        at = opened(item, at, kOpenLength);
        return --depth_, at;
      case Kind::kPosition:
        at = opened(item, at, kPositionLength);
        return --depth_, at;
      case Kind::kClose:
        at = closed(item, at);
        return --depth_, at;
      case Kind::kEnd:
        if (at != subject_.size()) return --depth_, kNone;
        break;
      case Kind::kBalanced:
        at = balanced(one, at);
        break;
      case Kind::kBack:
        at = again(one, at);
        break;
      case Kind::kFrontier:
        if (!frontier(one, at)) return --depth_, kNone;
        break;
      default:
        if (one.repeat != Pattern::Repeat::kOnce) {
          at = repeated(one, item + 1, at);
          return --depth_, at;
        }
        at = takes(one, at) ? at + 1 : kNone;
    }
    if (at == kNone) return --depth_, kNone;
    ++item;
  }
  return --depth_, at;
}

std::size_t Matcher::repeated(const Pattern::Item& item, std::size_t next, std::size_t at) {
  using Repeat = Pattern::Repeat;
  if (item.repeat == Repeat::kShortest) {
    for (;; ++at) {
      step();
      if (const std::size_t end = run(next, at); end != kNone) return end;
      if (!takes(item, at)) return kNone;
    }
  }
  std::size_t last = at;
  if (item.repeat == Repeat::kMaybe) {
    if (takes(item, at)) ++last;
  } else {
    while (takes(item, last)) {
      step();
      ++last;
    }
  }
  const std::size_t least = at + (item.repeat == Repeat::kPlus ? 1 : 0);
  // From the longest down.
  for (; last + 1 > least; --last) {
    step();
    if (const std::size_t end = run(next, last); end != kNone) return end;
    if (last == 0) break;
  }
  return kNone;
}

std::size_t Matcher::opened(std::size_t item, std::size_t at, std::size_t length) {
  if (level_ >= kMaxCaptures) luaL_error(lua_, "too many captures");
  captures_[static_cast<std::size_t>(level_++)] = {at, length};
  const std::size_t end = run(item + 1, at);
  if (end == kNone) --level_;
  return end;
}

std::size_t Matcher::closed(std::size_t item, std::size_t at) {
  int open = level_ - 1;
  while (open >= 0 && captures_[static_cast<std::size_t>(open)].length != kOpenLength) --open;
  if (open < 0) luaL_error(lua_, "invalid pattern capture");
  Capture& capture = captures_[static_cast<std::size_t>(open)];
  capture.length = at - capture.start;
  const std::size_t end = run(item + 1, at);
  if (end == kNone) capture.length = kOpenLength;
  return end;
}

std::size_t Matcher::balanced(const Pattern::Item& item, std::size_t at) const {
  if (at >= subject_.size() || static_cast<unsigned char>(subject_[at]) != item.first) return kNone;
  std::size_t open = 1;
  for (++at; at < subject_.size(); ++at) {
    const auto c = static_cast<unsigned char>(subject_[at]);
    if (c == item.second) {
      if (--open == 0) return at + 1;
    } else if (c == item.first) {
      ++open;
    }
  }
  return kNone;
}

std::size_t Matcher::again(const Pattern::Item& item, std::size_t at) const {
  const int number = item.first - '1';
  if (number < 0 || number >= level_ ||
      captures_[static_cast<std::size_t>(number)].length == kOpenLength) {
    luaL_error(lua_, "invalid capture index");
  }
  const Capture& capture = captures_[static_cast<std::size_t>(number)];
  if (capture.length == kPositionLength) return kNone;
  const std::string_view taken = subject_.substr(capture.start, capture.length);
  return subject_.substr(at).starts_with(taken) ? at + taken.size() : kNone;
}

bool Matcher::frontier(const Pattern::Item& item, std::size_t at) const {
  const auto byteAt = [&](std::size_t place) {
    return place < subject_.size() ? static_cast<unsigned char>(subject_[place]) : std::uint8_t{0};
  };
  const std::uint8_t before = at == 0 ? std::uint8_t{0} : byteAt(at - 1);
  return !item.set.test(before) && item.set.test(byteAt(at));
}

void Matcher::pushCapture(int number, std::size_t start, std::size_t end) {
  if (number >= level_) {
    if (number != 0) luaL_error(lua_, "invalid capture index");
    push(lua_, subject_.substr(start, end - start));
    return;
  }
  const Capture& capture = captures_[static_cast<std::size_t>(number)];
  if (capture.length == kOpenLength) luaL_error(lua_, "unfinished capture");
  if (capture.length == kPositionLength) {
    lua_pushinteger(lua_, static_cast<lua_Integer>(capture.start) + 1);
  } else {
    push(lua_, subject_.substr(capture.start, capture.length));
  }
}

int Matcher::pushCaptures(std::size_t start, std::size_t end, bool whole) {
  const int count = level_ == 0 && whole ? 1 : level_;
  luaL_checkstack(lua_, count, "too many captures");
  for (int i = 0; i < count; ++i) pushCapture(i, start, end);
  return count;
}

}  // namespace tykpp::drivers::lua
