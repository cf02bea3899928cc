#pragma once
// Reads what a function left in its tables. In protected mode: wrong types raise Lua errors.

#include <lua.hpp>

#include "drivers/coprocess/message.hpp"

namespace tykpp::drivers::lua {

class Call;

/// The request table at the index; of the call's own table only what the script looked at or wrote
/// can have changed. @return false when nothing did
bool readRequest(lua_State* lua, int index, Call& call, coprocess::RequestReply& reply);
/// The same for the response table.
bool readResponse(lua_State* lua, int index, Call& call, coprocess::ResponseReply& reply);
/// Session and metadata tables of an auth hook; either may be nil.
void readSession(lua_State* lua, int session, int metadata, coprocess::RequestReply& reply);

}  // namespace tykpp::drivers::lua
