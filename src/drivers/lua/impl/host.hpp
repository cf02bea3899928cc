#pragma once
// The functions that plugins call, by topic. All of them run in protected mode on a Lua thread of a
// call, or on the main one while files are loaded.

#include <lua.hpp>

namespace tykpp::drivers::lua {

struct Program;

/// Registry keys: a function that counts a function's parameters; names of hooks without a body.
inline constexpr const char* kParametersOf = "tykpp.parameters";
inline constexpr const char* kNoBody = "tykpp.no_body";
/// Registry key of the message handler of calls.
inline constexpr const char* kTraceback = "tykpp.traceback";

/// Pushes the table of host functions that the prelude builds the plugins' tables from.
void pushHost(lua_State* lua, const Program& program);

// Each adds its functions to the table at the top.
void addCoreFunctions(lua_State* lua, const Program& program);
void addLazyTables(lua_State* lua, const Program& program);
void addRequestFunctions(lua_State* lua);
void addResponseFunctions(lua_State* lua);
void addSessionFunctions(lua_State* lua);
void addOutsideFunctions(lua_State* lua);

}  // namespace tykpp::drivers::lua
