// What the prelude and calls need of the host, and the small functions of the `tykpp` table.

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/log.hpp"
#include "drivers/lua/impl/call.hpp"
#include "drivers/lua/impl/convert.hpp"
#include "drivers/lua/impl/host.hpp"
#include "drivers/lua/impl/program.hpp"

namespace tykpp::drivers::lua {
namespace {

constexpr std::size_t kMaxLine = 8192;

/// Message handler of calls: the message with a traceback.
int withTraceback(lua_State* lua) {
  if (lua_type(lua, 1) != LUA_TSTRING && lua_type(lua, 1) != LUA_TNUMBER) {
    const bool told = luaL_callmeta(lua, 1, "__tostring") != 0 && lua_isstring(lua, -1) != 0;
    if (!told) {
      lua_pushfstring(lua, "error object is a %s", luaL_typename(lua, 1));
    }
    lua_replace(lua, 1);
    lua_settop(lua, 1);
  }
  luaL_traceback(lua, lua, lua_tostring(lua, 1), 1);
  return 1;
}

/// The parameters that the function at 1 declares; many when it takes any number.
int parametersOf(lua_State* lua) {
  lua_pushvalue(lua, lua_upvalueindex(1));  // debug.getinfo
  lua_pushvalue(lua, 1);
  lua_pushliteral(lua, "u");
  lua_call(lua, 2, 1);
  lua_getfield(lua, -1, "isvararg");
  lua_getfield(lua, -2, "nparams");
  constexpr int kMany = 100;
  lua_pushinteger(lua, lua_toboolean(lua, -2) != 0 ? kMany : lua_tointeger(lua, -1));
  return 1;
}

/// The reference's table of a call, nil while files are loaded.
int makeObject(lua_State* lua) {
  Call* const call = State::of(lua).running();
  if (call == nullptr) return 0;
  lua_createtable(lua, 0, 6);
  constexpr const char* kNames[kAnchors] = {"request", "response", "session", "metadata", "spec"};
  for (int i = 0; i < kAnchors; ++i) {
    call->pushAnchored(lua, static_cast<Anchor>(i));
    lua_setfield(lua, -2, kNames[i]);
  }
  push(lua, std::string_view(call->facts().hook_name));
  lua_setfield(lua, -2, "hook_name");
  lua_pushinteger(lua, coprocess::hookType(call->hook()));
  lua_setfield(lua, -2, "hook_type");
  return 1;
}

int setLoading(lua_State* lua) {
  State::of(lua).setLoading(lua, lua_toboolean(lua, 1) != 0);
  return 0;
}

int checkDepth(lua_State* lua) {
  State::of(lua).checkDepth(lua);
  return 0;
}

int noBody(lua_State* lua) {
  if (State::of(lua).running() != nullptr) {
    luaL_error(lua, "tykpp.no_body is for the main part of a file");
  }
  luaL_checkstring(lua, 1);
  lua_getfield(lua, LUA_REGISTRYINDEX, kNoBody);
  lua_pushvalue(lua, 1);
  lua_pushboolean(lua, 1);
  lua_rawset(lua, -3);
  return 0;
}

spdlog::level::level_enum levelAt(lua_State* lua, int index) {
  constexpr const char* kNames[] = {"debug", "info", "warn", "error", nullptr};
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn, spdlog::level::err};
  return kLevels[luaL_checkoption(lua, index, nullptr, kNames)];
}

void writeLine(const State& state, spdlog::level::level_enum level, std::string text) {
  spdlog::logger& logger = log::room("lua");
  if (!logger.should_log(level)) return;
  if (text.size() > kMaxLine) text.resize(kMaxLine);
  const Call* const call = state.running();
  logger.log(level, "api_id={} hook={} request_id={} message={}",
             log::quoted(state.program().api_id),
             call != nullptr ? log::quoted(call->facts().hook_name) : "-",
             call != nullptr && !call->script().cancelled() ? call->exchange().requestId() : 0,
             log::quoted(text));
}

int logLine(lua_State* lua) {
  const auto level = levelAt(lua, 1);
  std::string text;
  const int count = lua_gettop(lua);
  for (int i = 2; i <= count; ++i) {
    if (lua_isboolean(lua, i)) {
      text += lua_toboolean(lua, i) != 0 ? "true" : "false";
    } else if (lua_isstring(lua, i) != 0) {
      text += viewAt(lua, i).substr(0, kMaxLine);
    } else {
      text += luaL_typename(lua, i);
    }
  }
  writeLine(State::of(lua), level, std::move(text));
  return 0;
}

int now(lua_State* lua) {
  const auto time = std::chrono::system_clock::now().time_since_epoch();
  lua_pushnumber(lua, std::chrono::duration<double>(time).count());
  return 1;
}

int exitCall(lua_State* lua) { return Call::need(lua).exit(lua); }

int toBase64(lua_State* lua) {
  push(lua, encodeBase64(checkView(lua, 1)));
  return 1;
}

int fromBase64(lua_State* lua) {
  const auto bytes = decodeBase64(checkView(lua, 1), Padding::kOptional);
  if (!bytes) return 0;
  push(lua, std::string_view(*bytes));
  return 1;
}

}  // namespace

void addCoreFunctions(lua_State* lua, const Program& program) {
  lua_getglobal(lua, "debug");
  lua_getfield(lua, -1, "getinfo");
  lua_pushcclosure(lua, &parametersOf, 1);
  lua_setfield(lua, LUA_REGISTRYINDEX, kParametersOf);
  lua_pop(lua, 1);
  lua_newtable(lua);
  lua_setfield(lua, LUA_REGISTRYINDEX, kNoBody);
  lua_pushcfunction(lua, &withTraceback);
  lua_setfield(lua, LUA_REGISTRYINDEX, kTraceback);
  constexpr luaL_Reg kFunctions[] = {{"object", &makeObject},
                                     {"check_depth", &checkDepth},
                                     {"loading", &setLoading},
                                     {"no_body", &noBody},
                                     {"log", &logLine},
                                     {"now", &now},
                                     {"exit", &exitCall},
                                     {"encode_base64", &toBase64},
                                     {"decode_base64", &fromBase64},
                                     {nullptr, nullptr}};
  luaL_setfuncs(lua, kFunctions, 0);
  const auto config = nlohmann::json::parse(program.config_data, nullptr, false);
  if (config.is_object()) {
    pushJson(lua, config);
  } else {
    lua_newtable(lua);
  }
  lua_setfield(lua, -2, "config");
}

void pushHost(lua_State* lua, const Program& program) {
  lua_newtable(lua);
  addCoreFunctions(lua, program);
  addLazyTables(lua, program);
  addRequestFunctions(lua);
  addResponseFunctions(lua);
  addSessionFunctions(lua);
  addOutsideFunctions(lua);
}

}  // namespace tykpp::drivers::lua
