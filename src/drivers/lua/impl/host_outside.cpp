// `tykpp.session`, `tykpp.http` and `tykpp.store`.

#include <cmath>
#include <nlohmann/json.hpp>

#include "drivers/lua/impl/call.hpp"
#include "drivers/lua/impl/convert.hpp"
#include "drivers/lua/impl/host.hpp"
#include "drivers/lua/impl/program.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::lua {
namespace {

int getSession(lua_State* lua) {
  Call& call = Call::need(lua);
  const nlohmann::json session = coprocess::sessionMessage(call.exchange(), call.hook());
  if (!session.is_object() || call.exchange().session == nullptr) return 0;
  pushJson(lua, session);
  return 1;
}

int setSession(lua_State* lua) {
  Call& call = Call::need(lua);
  if (call.hook() != Hook::kAuth) luaL_error(lua, "tykpp.session.set is for auth hooks");
  luaL_checktype(lua, 1, LUA_TTABLE);
  nlohmann::json session = toJson(lua, 1);
  const nlohmann::json token =
      session.is_object() ? session.value("token", nlohmann::json()) : nlohmann::json();
  if (!token.is_string()) luaL_argerror(lua, 1, "a session needs a token");
  session.erase("token");
  session["metadata"]["token"] = token;
  call.setSession(std::move(session));
  return 0;
}

int getMetadata(lua_State* lua) {
  const session::SessionState* const session = Call::need(lua).exchange().session.get();
  const std::string_view name = checkView(lua, 1);
  if (session == nullptr) return 0;
  for (const auto& [key, value] : session->metadata()) {
    if (key != name) continue;
    push(lua, std::string_view(value));
    return 1;
  }
  return 0;
}

/// The session is replaced by one with that entry: others may hold the old one.
int setMetadata(lua_State* lua) {
  Call& call = Call::need(lua);
  const std::string name(checkView(lua, 1));
  const std::shared_ptr<session::SessionState> session = call.exchange().session;
  if (session == nullptr) luaL_error(lua, "the request has no session");
  nlohmann::json stored = nlohmann::json::parse(session->json(), nullptr, false);
  if (!stored.is_object()) stored = nlohmann::json::object();
  if (isNull(lua, 2)) {
    if (stored.contains("meta_data")) stored["meta_data"].erase(name);
  } else {
    stored["meta_data"][name] = textOf(lua, 2, "metadata");
  }
  auto changed = session::SessionState::parse(
      stored.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), session->token());
  if (!changed) luaL_error(lua, "the session cannot be changed");
  call.exchange().session = std::make_shared<session::SessionState>(std::move(*changed));
  return 0;
}

int failedWith(lua_State* lua, const Error& error) {
  lua_pushnil(lua);
  push(lua, std::string_view(error.detail().empty() ? error.message() : error.detail()));
  return 2;
}

/// A member of the table at 1, at the top of the stack.
bool option(lua_State* lua, const char* name) {
  lua_getfield(lua, 1, name);
  return !isNull(lua, -1);
}

FetchRequest requestAt(lua_State* lua) {
  FetchRequest request;
  luaL_checktype(lua, 1, LUA_TTABLE);
  if (!option(lua, "url")) luaL_argerror(lua, 1, "url is missing");
  request.url = textOf(lua, -1, "url");
  if (option(lua, "method")) request.method = textOf(lua, -1, "method");
  if (option(lua, "body")) request.body = textOf(lua, -1, "body");
  option(lua, "headers");
  request.headers = fieldsAt(lua, -1, "headers");
  if (option(lua, "timeout")) {
    const double seconds = luaL_checknumber(lua, -1);
    if (!(seconds > 0 && seconds < 3600)) luaL_argerror(lua, 1, "timeout is no time in seconds");
    request.timeout =
        std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
  }
  if (option(lua, "follow_redirects")) request.follow_redirects = lua_toboolean(lua, -1) != 0;
  if (option(lua, "insecure")) request.insecure_skip_verify = lua_toboolean(lua, -1) != 0;
  request.max_body = State::of(lua).program().memory_limit / 4;
  lua_settop(lua, 1);
  return request;
}

void pushAnswer(lua_State* lua, const FetchResponse& answer) {
  lua_createtable(lua, 0, 3);
  lua_pushinteger(lua, answer.status);
  lua_setfield(lua, -2, "status");
  push(lua, std::string_view(answer.body));
  lua_setfield(lua, -2, "body");
  lua_newtable(lua);
  for (const auto& [name, value] : answer.headers) {
    std::string key = name;
    http::canonicalise(key.data(), key.size());
    push(lua, std::string_view(key));
    lua_pushvalue(lua, -1);
    lua_rawget(lua, -3);
    if (lua_isstring(lua, -1) != 0) {
      // Several values of one name, joined as RFC 9110 section 5.3 allows.
      lua_pushliteral(lua, ", ");
      push(lua, std::string_view(value));
      lua_concat(lua, 3);
    } else {
      lua_pop(lua, 1);
      push(lua, std::string_view(value));
    }
    lua_rawset(lua, -3);
  }
  lua_setfield(lua, -2, "headers");
}

int fetch(lua_State* lua) {
  Call& call = Call::need(lua);
  FetchRequest request = requestAt(lua);
  const Result<FetchResponse> answer =
      call.outside(lua, [&] { return call.script().fetch(std::move(request)); });
  if (call.script().cancelled()) return luaL_error(lua, "the hook's time is up");
  if (!answer) return failedWith(lua, answer.error());
  pushAnswer(lua, *answer);
  return 1;
}

/// Plugins of one API share their keys; those of others are out of reach.
std::string keyAt(lua_State* lua) {
  constexpr std::size_t kMaxKey = 1024;
  const std::string_view key = checkView(lua, 1);
  if (key.empty() || key.size() > kMaxKey) luaL_argerror(lua, 1, "a key has 1 to 1024 bytes");
  return "lua:" + State::of(lua).program().api_id + ":" + std::string(key);
}

int storeGet(lua_State* lua) {
  Call& call = Call::need(lua);
  std::string key = keyAt(lua);
  const Result<std::string> value =
      call.outside(lua, [&] { return call.script().loadData(std::move(key)); });
  if (call.script().cancelled()) return luaL_error(lua, "the hook's time is up");
  if (!value) {
    if (value.error().code() == Errc::kNotFound) return 0;
    return failedWith(lua, value.error());
  }
  push(lua, std::string_view(*value));
  return 1;
}

int storeSet(lua_State* lua) {
  Call& call = Call::need(lua);
  std::string key = keyAt(lua);
  std::string value(checkView(lua, 2));
  const double ttl = luaL_optnumber(lua, 3, 0);
  if (!(ttl >= 0 && ttl < 1e9)) luaL_argerror(lua, 3, "no time in seconds");
  const std::chrono::seconds seconds(static_cast<std::int64_t>(std::ceil(ttl)));
  const Result<std::string> stored = call.outside(
      lua, [&] { return call.script().storeData(std::move(key), std::move(value), seconds); });
  if (call.script().cancelled()) return luaL_error(lua, "the hook's time is up");
  if (!stored) return failedWith(lua, stored.error());
  lua_pushboolean(lua, 1);
  return 1;
}

}  // namespace

void addSessionFunctions(lua_State* lua) {
  constexpr luaL_Reg kFunctions[] = {{"get", &getSession},
                                     {"set", &setSession},
                                     {"get_metadata", &getMetadata},
                                     {"set_metadata", &setMetadata},
                                     {nullptr, nullptr}};
  lua_newtable(lua);
  luaL_setfuncs(lua, kFunctions, 0);
  lua_setfield(lua, -2, "session");
}

void addOutsideFunctions(lua_State* lua) {
  constexpr luaL_Reg kFunctions[] = {
      {"fetch", &fetch}, {"store_get", &storeGet}, {"store_set", &storeSet}, {nullptr, nullptr}};
  luaL_setfuncs(lua, kFunctions, 0);
}

}  // namespace tykpp::drivers::lua
