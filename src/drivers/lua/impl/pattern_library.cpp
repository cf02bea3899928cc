// `string.find`, `match`, `gmatch` and `gsub` over our own matcher.

#include <cstring>
#include <string>

#include "drivers/lua/impl/call.hpp"
#include "drivers/lua/impl/convert.hpp"
#include "drivers/lua/impl/pattern.hpp"

namespace tykpp::drivers::lua {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

/// The place that the argument names, from 0; the end when it is behind it.
std::size_t startAt(lua_State* lua, int argument, std::size_t size) {
  const lua_Integer given = luaL_optinteger(lua, argument, 1);
  const auto length = static_cast<lua_Integer>(size);
  lua_Integer start = given > 0 ? given - 1 : given < 0 ? given + length : 0;
  if (start < 0) start = 0;
  if (start > length) start = length;
  return static_cast<std::size_t>(start);
}

/// Linear, whatever the texts are.
int findPlain(lua_State* lua, std::string_view subject, std::string_view text, std::size_t start) {
  const void* const found = text.empty() ? subject.data() + start
                                         : ::memmem(subject.data() + start, subject.size() - start,
                                                    text.data(), text.size());
  if (found == nullptr) {
    lua_pushnil(lua);
    return 1;
  }
  const auto at = static_cast<const char*>(found) - subject.data();
  lua_pushinteger(lua, at + 1);
  lua_pushinteger(lua, at + static_cast<lua_Integer>(text.size()));
  return 2;
}

/// Finds the first match from `start` on, which becomes its place. @return its end
std::size_t search(Matcher& matcher, const Pattern& pattern, std::size_t size, std::size_t& start) {
  for (;; ++start) {
    const std::size_t end = matcher.matchAt(start);
    if (end != kNone || pattern.anchored() || start >= size) return end;
  }
}

int find(lua_State* lua) {
  const std::string_view subject = checkView(lua, 1);
  const std::string_view text = checkView(lua, 2);
  std::size_t start = startAt(lua, 3, subject.size());
  if (lua_toboolean(lua, 4) != 0 || text.find_first_of("^$*+?.([%-") == kNone) {
    return findPlain(lua, subject, text, start);
  }
  const Pattern pattern(lua, text, true);
  Matcher matcher(lua, pattern, subject);
  const std::size_t end = search(matcher, pattern, subject.size(), start);
  if (end == kNone) {
    lua_pushnil(lua);
    return 1;
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(start) + 1);
  lua_pushinteger(lua, static_cast<lua_Integer>(end));
  return 2 + matcher.pushCaptures(start, end, false);
}

int match(lua_State* lua) {
  const std::string_view subject = checkView(lua, 1);
  std::size_t start = startAt(lua, 3, subject.size());
  const Pattern pattern(lua, checkView(lua, 2), true);
  Matcher matcher(lua, pattern, subject);
  const std::size_t end = search(matcher, pattern, subject.size(), start);
  if (end == kNone) {
    lua_pushnil(lua);
    return 1;
  }
  return matcher.pushCaptures(start, end, true);
}

/// Upvalues: subject, pattern, where to go on.
int nextMatch(lua_State* lua) {
  const std::string_view subject = viewAt(lua, lua_upvalueindex(1));
  const Pattern pattern(lua, viewAt(lua, lua_upvalueindex(2)), false);
  auto start = static_cast<std::size_t>(lua_tointeger(lua, lua_upvalueindex(3)));
  if (start > subject.size()) return 0;
  Matcher matcher(lua, pattern, subject);
  const std::size_t end = search(matcher, pattern, subject.size(), start);
  if (end == kNone) return 0;
  lua_pushinteger(lua, static_cast<lua_Integer>(end == start ? end + 1 : end));
  lua_replace(lua, lua_upvalueindex(3));
  return matcher.pushCaptures(start, end, true);
}

int gmatch(lua_State* lua) {
  checkView(lua, 1);
  checkView(lua, 2);
  lua_settop(lua, 2);
  lua_pushinteger(lua, 0);
  lua_pushcclosure(lua, &nextMatch, 3);
  return 1;
}

/// The replacement at 3 for one match.
class Replacement {
 public:
  Replacement(lua_State* lua, std::string& out, std::string_view subject)
      : lua_(lua), out_(out), subject_(subject), type_(lua_type(lua, 3)) {
    if (type_ != LUA_TNUMBER && type_ != LUA_TSTRING && type_ != LUA_TFUNCTION &&
        type_ != LUA_TTABLE) {
      luaL_argerror(lua, 3, "string/function/table expected");
    }
    if (type_ == LUA_TNUMBER || type_ == LUA_TSTRING) text_ = viewAt(lua, 3);
  }

  void add(Matcher& matcher, std::size_t start, std::size_t end) {
    if (type_ == LUA_TNUMBER || type_ == LUA_TSTRING) return addText(matcher, start, end);
    if (type_ == LUA_TTABLE) {
      matcher.pushCapture(0, start, end);
      lua_gettable(lua_, 3);
    } else {
      lua_pushvalue(lua_, 3);
      const int arguments = matcher.pushCaptures(start, end, true);
      lua_call(lua_, arguments, 1);
    }
    if (lua_toboolean(lua_, -1) == 0) {
      out_.append(subject_.substr(start, end - start));
    } else if (lua_isstring(lua_, -1) == 0) {
      luaL_error(lua_, "invalid replacement value (a %s)", luaL_typename(lua_, -1));
    } else {
      out_.append(viewAt(lua_, -1));
    }
    lua_pop(lua_, 1);
  }

 private:
  void addText(Matcher& matcher, std::size_t start, std::size_t end) {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] != '%' || i + 1 == text_.size()) {
        out_.push_back(text_[i]);
        continue;
      }
      const char c = text_[++i];
      if (c == '0') {
        out_.append(subject_.substr(start, end - start));
      } else if (c >= '1' && c <= '9') {
        matcher.pushCapture(c - '1', start, end);
        out_.append(viewAt(lua_, -1));
        lua_pop(lua_, 1);
      } else {
        out_.push_back(c);
      }
    }
  }

  lua_State* lua_;
  std::string& out_;
  std::string_view subject_;
  int type_;
  std::string_view text_;
};

int gsub(lua_State* lua) {
  State::of(lua).checkDepth(lua);
  const std::string_view subject = checkView(lua, 1);
  const Pattern pattern(lua, checkView(lua, 2), true);
  lua_Number most = luaL_optnumber(lua, 4, static_cast<lua_Number>(subject.size()) + 1);
  lua_settop(lua, 3);
  std::string out;
  Replacement replacement(lua, out, subject);
  const std::size_t limit = State::of(lua).memoryLimit();
  Matcher matcher(lua, pattern, subject);
  std::size_t at = 0;
  lua_Integer count = 0;
  while (static_cast<lua_Number>(count) < most) {
    const std::size_t end = matcher.matchAt(at);
    if (end != kNone) {
      ++count;
      replacement.add(matcher, at, end);
      if (out.size() > limit) luaL_error(lua, "not enough memory");
    }
    if (end != kNone && end > at) {
      at = end;
    } else if (at < subject.size()) {
      out.push_back(subject[at++]);
    } else {
      break;
    }
    if (pattern.anchored()) break;
  }
  out.append(subject.substr(at));
  push(lua, out);
  lua_pushinteger(lua, count);
  return 2;
}

}  // namespace

void addPatternFunctions(lua_State* lua) {
  constexpr luaL_Reg kFunctions[] = {
      {"find", &find}, {"match", &match}, {"gmatch", &gmatch}, {"gsub", &gsub}, {nullptr, nullptr}};
  luaL_setfuncs(lua, kFunctions, 0);
}

}  // namespace tykpp::drivers::lua
