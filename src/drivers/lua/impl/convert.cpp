#include "drivers/lua/impl/convert.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace tykpp::drivers::lua {
namespace {

constexpr int kMaxValueDepth = 64;
using Json = nlohmann::json;

void pushValue(lua_State* lua, const Json& value, int depth) {
  if (depth > kMaxValueDepth) luaL_error(lua, "JSON is nested too deep");
  luaL_checkstack(lua, 4, "JSON is nested too deep");
  if (value.is_object()) {
    lua_createtable(lua, 0, static_cast<int>(value.size()));
    for (const auto& [name, member] : value.items()) {
      push(lua, std::string_view(name));
      pushValue(lua, member, depth + 1);
      lua_rawset(lua, -3);
    }
  } else if (value.is_array()) {
    lua_createtable(lua, static_cast<int>(value.size()), 0);
    int at = 0;
    for (const Json& element : value) {
      pushValue(lua, element, depth + 1);
      lua_rawseti(lua, -2, ++at);
    }
  } else if (value.is_string()) {
    push(lua, std::string_view(value.get_ref<const std::string&>()));
  } else if (value.is_boolean()) {
    lua_pushboolean(lua, value.get<bool>() ? 1 : 0);
  } else if (value.is_number()) {
    lua_pushnumber(lua, value.get<double>());
  } else {
    lua_pushnil(lua);
  }
}

Json numberOf(double number) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: every integer below has its own double
  if (std::floor(number) == number && std::abs(number) <= kExact) {
    return static_cast<std::int64_t>(number);
  }
  if (!std::isfinite(number)) return nullptr;
  return number;
}

Json valueAt(lua_State* lua, int index, int depth);

Json tableAt(lua_State* lua, int index, int depth) {
  if (depth > kMaxValueDepth) luaL_error(lua, "a table is nested too deep, or contains itself");
  luaL_checkstack(lua, 4, "a table is nested too deep");
  const std::size_t length = lua_objlen(lua, index);
  if (length > 0) {
    Json list = Json::array();
    for (std::size_t i = 1; i <= length; ++i) {
      lua_rawgeti(lua, index, static_cast<int>(i));
      list.push_back(valueAt(lua, lua_gettop(lua), depth + 1));
      lua_pop(lua, 1);
    }
    return list;
  }
  Json object;
  lua_pushnil(lua);
  while (lua_next(lua, index) != 0) {
    if (lua_type(lua, -2) == LUA_TSTRING) {
      Json member = valueAt(lua, lua_gettop(lua), depth + 1);
      if (!member.is_null()) object[std::string(viewAt(lua, -2))] = std::move(member);
    }
    lua_pop(lua, 1);
  }
  return object;
}

Json valueAt(lua_State* lua, int index, int depth) {
  switch (lua_type(lua, index)) {
    case LUA_TSTRING:
      return std::string(viewAt(lua, index));
    case LUA_TNUMBER:
      return numberOf(lua_tonumber(lua, index));
    case LUA_TBOOLEAN:
      return lua_toboolean(lua, index) != 0;
    case LUA_TTABLE:
      return tableAt(lua, index, depth);
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA:
      return nullptr;
    default:
      luaL_error(lua, "a %s has no JSON form", luaL_typename(lua, index));
      return nullptr;
  }
}

int absolute(lua_State* lua, int index) { return index < 0 ? lua_gettop(lua) + index + 1 : index; }

/// Calls `use(name, index of value)` for each member of the table.
template <class Use>
void eachOf(lua_State* lua, int index, const char* what, Use&& use) {
  if (isNull(lua, index)) return;
  if (!lua_istable(lua, index)) luaL_error(lua, "%s is a %s", what, luaL_typename(lua, index));
  index = absolute(lua, index);
  lua_pushnil(lua);
  while (lua_next(lua, index) != 0) {
    if (lua_type(lua, -2) == LUA_TSTRING) use(std::string(viewAt(lua, -2)), lua_gettop(lua));
    lua_pop(lua, 1);
  }
}

}  // namespace

std::string_view checkView(lua_State* lua, int argument) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(lua, argument, &size);
  return {text, size};
}

void push(lua_State* lua, const std::vector<coprocess::ViewPair>& pairs) {
  lua_createtable(lua, 0, static_cast<int>(pairs.size()));
  for (const auto& [name, value] : pairs) {
    push(lua, name);
    push(lua, value);
    lua_rawset(lua, -3);
  }
}

void pushJson(lua_State* lua, const Json& value) { pushValue(lua, value, 0); }

Json toJson(lua_State* lua, int index) { return valueAt(lua, absolute(lua, index), 0); }

std::string textOf(lua_State* lua, int index, const char* what) {
  switch (lua_type(lua, index)) {
    case LUA_TBOOLEAN:
      return lua_toboolean(lua, index) != 0 ? "true" : "false";
    case LUA_TNUMBER:
      lua_pushvalue(lua, index);  // the conversion happens in place
      {
        std::string text(viewAt(lua, -1));
        lua_pop(lua, 1);
        return text;
      }
    case LUA_TSTRING:
      return std::string(viewAt(lua, index));
    default:
      luaL_error(lua, "%s has a value that is a %s", what, luaL_typename(lua, index));
      return {};
  }
}

std::vector<std::string> listAt(lua_State* lua, int index, const char* what) {
  std::vector<std::string> list;
  if (isNull(lua, index)) return list;
  if (!lua_istable(lua, index)) luaL_error(lua, "%s is a %s", what, luaL_typename(lua, index));
  index = absolute(lua, index);
  const int length = static_cast<int>(lua_objlen(lua, index));
  for (int i = 1; i <= length; ++i) {
    lua_rawgeti(lua, index, i);
    list.push_back(textOf(lua, -1, what));
    lua_pop(lua, 1);
  }
  return list;
}

std::vector<coprocess::Pair> pairsAt(lua_State* lua, int index, const char* what) {
  std::vector<coprocess::Pair> pairs;
  eachOf(lua, index, what, [&](std::string name, int at) {
    if (isNull(lua, at)) return;
    pairs.emplace_back(std::move(name), textOf(lua, at, what));
  });
  return pairs;
}

std::vector<coprocess::Pair> fieldsAt(lua_State* lua, int index, const char* what) {
  std::vector<coprocess::Pair> fields;
  eachOf(lua, index, what, [&](const std::string& name, int at) {
    if (!lua_istable(lua, at)) {
      fields.emplace_back(name, textOf(lua, at, what));
      return;
    }
    for (std::string& value : listAt(lua, at, what)) fields.emplace_back(name, std::move(value));
  });
  return fields;
}

}  // namespace tykpp::drivers::lua
