#pragma once
// The part of the sandbox that is written in Lua.

#include <string_view>

namespace tykpp::drivers::lua {

/// Lua source. Called with the libraries as LuaJIT makes them, the host's functions, and the table
/// that chunks have as their globals; answers the table of base globals and the two metatables.
std::string_view preludeSource() noexcept;

}  // namespace tykpp::drivers::lua
