#pragma once
// Values between Lua and the gateway. All of it in protected mode: wrong types and a lack of memory
// raise Lua errors.

#include <lua.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/coprocess/message.hpp"

namespace tykpp::drivers::lua {

inline void push(lua_State* lua, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
}
/// The string at the index; empty when there is none. View: as long as Lua keeps the string.
inline std::string_view viewAt(lua_State* lua, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(lua, index, &size);
  return text == nullptr ? std::string_view{} : std::string_view(text, size);
}
/// An argument that must be a string or a number.
std::string_view checkView(lua_State* lua, int argument);
/// A table of names and values.
void push(lua_State* lua, const std::vector<coprocess::ViewPair>& pairs);
/// A JSON value; null becomes nil, so that empty fields are absent.
void pushJson(lua_State* lua, const nlohmann::json& value);
/// The value at the index. Empty tables become null: nobody can tell a list from an object.
nlohmann::json toJson(lua_State* lua, int index);
/// `text` of the value at the top: string, number or boolean. @param what  for the message
std::string textOf(lua_State* lua, int index, const char* what);
/// The strings of a list; an empty table and nil are none.
std::vector<std::string> listAt(lua_State* lua, int index, const char* what);
/// Names and values of a table.
std::vector<coprocess::Pair> pairsAt(lua_State* lua, int index, const char* what);
/// Names and values; a list of values becomes several pairs of one name.
std::vector<coprocess::Pair> fieldsAt(lua_State* lua, int index, const char* what);
/// Whether the value at the index is nil or the null of cjson.
inline bool isNull(lua_State* lua, int index) {
  return lua_isnoneornil(lua, index) ||
         (lua_type(lua, index) == LUA_TLIGHTUSERDATA && lua_touserdata(lua, index) == nullptr);
}

}  // namespace tykpp::drivers::lua
