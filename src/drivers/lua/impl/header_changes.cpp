// Changes of headers that `tyk.req` was asked for, kept aside of the script's tables until it looks
// at them.

#include "drivers/lua/impl/call.hpp"
#include "drivers/lua/impl/convert.hpp"

namespace tykpp::drivers::lua {
namespace {

constexpr std::size_t kMaxLater = 32;
constexpr std::size_t kMaxLaterBytes = 1024;

}  // namespace

void Call::pushSetHeaders(lua_State* lua) {
  if (reply_.set_headers.empty()) return lua_pushnil(lua);
  lua_createtable(lua, 0, static_cast<int>(reply_.set_headers.size()));
  for (const auto& [name, value] : reply_.set_headers) {
    lua::push(lua, std::string_view(name));
    lua::push(lua, std::string_view(value));
    lua_rawset(lua, -3);
  }
  reply_.set_headers.clear();
}

void Call::pushDeleteHeaders(lua_State* lua) {
  if (reply_.delete_headers.empty()) return lua_pushnil(lua);
  lua_createtable(lua, static_cast<int>(reply_.delete_headers.size()), 0);
  int at = 0;
  for (const std::string& name : reply_.delete_headers) {
    lua::push(lua, std::string_view(name));
    lua_rawseti(lua, -2, ++at);
  }
  reply_.delete_headers.clear();
}

bool Call::setLater(std::string_view name, std::string_view value) {
  if (seen(RequestField::kSetHeaders) || reply_.set_headers.size() >= kMaxLater ||
      name.size() + value.size() > kMaxLaterBytes)
    return false;
  reply_.set_headers.emplace_back(name, value);
  return true;
}

bool Call::deleteLater(std::string_view name) {
  if (seen(RequestField::kDeleteHeaders) || reply_.delete_headers.size() >= kMaxLater ||
      name.size() > kMaxLaterBytes)
    return false;
  reply_.delete_headers.emplace_back(name);
  return true;
}

void Call::forget(RequestField field) {
  if (field == RequestField::kSetHeaders) reply_.set_headers.clear();
  if (field == RequestField::kDeleteHeaders) reply_.delete_headers.clear();
}

}  // namespace tykpp::drivers::lua
