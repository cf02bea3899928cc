#include "drivers/lua/impl/state.hpp"

#include <algorithm>
#include <cstdlib>
#include <lua.hpp>

#include "drivers/lua/impl/call.hpp"
#include "drivers/lua/impl/convert.hpp"
#include "drivers/lua/impl/host.hpp"
#include "drivers/lua/impl/pattern.hpp"
#include "drivers/lua/impl/prelude.hpp"
#include "drivers/lua/impl/program.hpp"

namespace tykpp::drivers::lua {
namespace {

/// A cycle of the collector begins when the heap is this many per cent of what was alive: calls
/// leave little, and marking what is alive costs more than what they leave.
constexpr int kCollectorPause = 300;
/// More than this many globals of a call are dropped with their table.
constexpr int kManyGlobals = 32;
/// Of the stacks of calls, 4 MiB, and of threads'; what is left is for one more C function.
constexpr std::ptrdiff_t kDeepStack = 2 << 20;

std::string messageAt(lua_State* lua, int index) {
  const char* text = lua_tostring(lua, index);
  return text != nullptr ? text : "error object is a " + std::string(luaL_typename(lua, index));
}

}  // namespace

State& State::of(lua_State* lua) noexcept {
  void* self = nullptr;
  lua_getallocf(lua, &self);
  return *static_cast<State*>(self);
}

/// The state's memory, counted. Shrinking always works.
void* State::allocate(void* self, void* block, std::size_t before, std::size_t after) {
  auto* state = static_cast<State*>(self);
  if (after == 0) {
    state->used_ -= before;
    state->blocks_.release(block, before);
    return nullptr;
  }
  if (after > before && state->used_ + (after - before) > state->program_->memory_limit) {
    return nullptr;
  }
  void* const moved = state->blocks_.reallocate(block, before, after);
  if (moved == nullptr) return after <= before ? block : nullptr;
  state->used_ += after - before;
  return moved;
}

Result<std::unique_ptr<State>> State::create(std::shared_ptr<const Program> program,
                                             Watched& watched) {
  std::unique_ptr<State> state(new State(std::move(program), watched));
  state->main_ = lua_newstate(&State::allocate, state.get());
  if (state->main_ == nullptr) return Error(Errc::kBadPlugin, "no memory for a Lua state");
  state->setStackBase(&state);
  watched.enter(state->main_, Clock::now() + state->program_->load_time);
  const int status = lua_cpcall(state->main_, &State::setup, state.get());
  watched.leave();
  if (status != 0) {
    return Error(Errc::kBadPlugin, "Lua cannot be loaded: " + messageAt(state->main_, -1));
  }
  return state;
}

State::~State() {
  if (main_ != nullptr) lua_close(main_);
}

int State::setup(lua_State* lua) {
  State& self = *static_cast<State*>(lua_touserdata(lua, 1));
  lua_settop(lua, 0);
  self.openLibraries(lua);
  if (luaL_loadbufferx(lua, preludeSource().data(), preludeSource().size(), "=sandbox", "t") != 0) {
    lua_error(lua);
  }
  lua_pushvalue(lua, LUA_GLOBALSINDEX);
  pushHost(lua, self.program());
  lua_newtable(lua);  // the chunks' environment
  lua_pushvalue(lua, -1);
  lua_insert(lua, 1);
  lua_call(lua, 3, 2);
  self.environment_meta_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  self.base_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  lua_createtable(lua, 0, 1);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, self.base_);
  lua_setfield(lua, -2, "__index");
  self.globals_meta_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  lua_pushcfunction(lua, &Call::body);
  self.body_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  lua_getfield(lua, LUA_REGISTRYINDEX, kTraceback);
  self.traceback_ = luaL_ref(lua, LUA_REGISTRYINDEX);
  self.setPaths(lua);
  // Threads inherit it, and with it chunks that are loaded later.
  lua_replace(lua, LUA_GLOBALSINDEX);
  self.runFiles(lua);
  self.globals_ = LUA_NOREF;
  self.freshGlobals(lua);
  lua_gc(lua, LUA_GCCOLLECT, 0);
  lua_gc(lua, LUA_GCSETPAUSE, kCollectorPause);
  return 0;
}

/// All but `jit` and `ffi`: without `jit` opened, nothing is compiled, and compiled loops could not
/// be interrupted; `ffi` reaches any memory.
void State::openLibraries(lua_State* lua) {
  constexpr luaL_Reg kLibraries[] = {{"", luaopen_base},
                                     {LUA_LOADLIBNAME, luaopen_package},
                                     {LUA_TABLIBNAME, luaopen_table},
                                     {LUA_IOLIBNAME, luaopen_io},
                                     {LUA_OSLIBNAME, luaopen_os},
                                     {LUA_STRLIBNAME, luaopen_string},
                                     {LUA_MATHLIBNAME, luaopen_math},
                                     {LUA_DBLIBNAME, luaopen_debug},
                                     {LUA_BITLIBNAME, luaopen_bit}};
  for (const luaL_Reg& library : kLibraries) {
    lua_pushcfunction(lua, library.func);
    lua_pushstring(lua, library.name);
    lua_call(lua, 1, 0);
  }
  lua_getglobal(lua, LUA_STRLIBNAME);
  addPatternFunctions(lua);
  lua_pop(lua, 1);
}

void State::setPaths(lua_State* lua) {
  lua_getglobal(lua, "package");
  for (const bool native : {false, true}) {
    const char* const field = native ? "cpath" : "path";
    lua_getfield(lua, -1, field);
    // The process' working directory is no place of the plugin's.
    luaL_gsub(lua, lua_tostring(lua, -1), native ? "./?.so;" : "./?.lua;", "");
    push(lua, native ? program_->cpath : program_->path);
    lua_insert(lua, -2);
    lua_concat(lua, 2);
    lua_setfield(lua, -3, field);
    lua_pop(lua, 1);
  }
  lua_pop(lua, 1);
}

void State::runFiles(lua_State* lua) {
  for (const Chunk& chunk : program_->chunks) {
    if (luaL_loadbufferx(lua, chunk.bytecode.data(), chunk.bytecode.size(), chunk.name.c_str(),
                         "b") != 0) {
      lua_error(lua);
    }
    lua_call(lua, 0, 0);
  }
}

/// An empty table takes the globals from now on.
void State::freshGlobals(lua_State* lua) {
  lua_newtable(lua);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, globals_meta_);
  lua_setmetatable(lua, -2);
  useGlobals(lua, luaL_ref(lua, LUA_REGISTRYINDEX));
}

void State::useGlobals(lua_State* lua, int ref) {
  lua_rawgeti(lua, LUA_REGISTRYINDEX, environment_meta_);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, ref);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -3, "__index");
  lua_setfield(lua, -2, "__newindex");
  lua_pop(lua, 1);
  globals_ = ref;
}

bool State::hasGlobals(lua_State* lua) {
  lua_rawgeti(lua, LUA_REGISTRYINDEX, globals_);
  lua_pushnil(lua);
  const bool any = lua_next(lua, -2) != 0;
  lua_pop(lua, any ? 3 : 1);
  return any;
}

int State::detachGlobals(lua_State* lua) {
  if (!hasGlobals(lua)) return LUA_NOREF;
  const int taken = globals_;
  freshGlobals(lua);
  return taken;
}

void State::attachGlobals(lua_State* lua, int ref) {
  if (ref == LUA_NOREF) return;
  luaL_unref(lua, LUA_REGISTRYINDEX, globals_);
  useGlobals(lua, ref);
}

int State::clearGlobals(lua_State* lua) {
  State& self = of(lua);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, self.globals_);
  int count = 0;
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    lua_pop(lua, 1);
    lua_pushvalue(lua, -1);
    lua_pushnil(lua);
    lua_rawset(lua, -4);
    if (++count > kManyGlobals) {
      luaL_unref(lua, LUA_REGISTRYINDEX, self.globals_);
      self.freshGlobals(lua);
      break;
    }
  }
  return 0;
}

void State::setLoading(lua_State* lua, bool loading) {
  loading_ = std::max(0, loading_ + (loading ? 1 : -1));
  lua_rawgeti(lua, LUA_REGISTRYINDEX, environment_meta_);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, loading_ > 0 || globals_ == LUA_NOREF ? base_ : globals_);
  lua_setfield(lua, -2, "__newindex");
  lua_pop(lua, 1);
}

void State::endCall(LuaThread thread) noexcept {
  lua_State* const lua = thread.lua;
  lua_settop(lua, 0);
  if (loading_) [[unlikely]]
    setLoading(lua, false);
  if (hasGlobals(lua) && lua_cpcall(lua, &State::clearGlobals, nullptr) != 0) lua_settop(lua, 0);
}

/// The function at the top of the stack, which stays.
void State::describe(lua_State* lua, Function& function) {
  lua_getfield(lua, LUA_REGISTRYINDEX, kParametersOf);
  lua_pushvalue(lua, -2);
  lua_call(lua, 1, 1);
  function.parameters = static_cast<int>(lua_tointeger(lua, -1));
  lua_pop(lua, 1);
}

int State::lookUp(lua_State* lua) {
  auto& [name, function, self] =
      *static_cast<std::tuple<const std::string&, Function, State&>*>(lua_touserdata(lua, 1));
  lua_rawgeti(lua, LUA_REGISTRYINDEX, self.base_);
  push(lua, std::string_view(name));
  lua_rawget(lua, -2);
  if (!lua_isfunction(lua, -1)) return 0;
  self.describe(lua, function);
  function.ref = luaL_ref(lua, LUA_REGISTRYINDEX);
  return 0;
}

int State::listFunctions(lua_State* lua) {
  auto& [all, self] =
      *static_cast<std::pair<std::map<std::string, Function>, State&>*>(lua_touserdata(lua, 1));
  lua_getfield(lua, LUA_REGISTRYINDEX, kNoBody);
  const int no_body = lua_gettop(lua);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, self.base_);
  lua_pushnil(lua);
  while (lua_next(lua, no_body + 1) != 0) {
    if (lua_type(lua, -2) == LUA_TSTRING && lua_isfunction(lua, -1)) {
      Function& function = all[std::string(viewAt(lua, -2))];
      self.describe(lua, function);
      lua_pushvalue(lua, -2);
      lua_rawget(lua, no_body);
      function.no_body = lua_toboolean(lua, -1) != 0;
      lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
  }
  return 0;
}

std::map<std::string, Function> State::functions() {
  std::pair<std::map<std::string, Function>, State&> asked{{}, *this};
  lua_cpcall(main_, &State::listFunctions, &asked);
  lua_settop(main_, 0);
  return std::move(asked.first);
}

Result<Function> State::find(const std::string& name) {
  std::tuple<const std::string&, Function, State&> asked{name, Function{}, *this};
  const int status = lua_cpcall(main_, &State::lookUp, &asked);
  lua_settop(main_, 0);
  const Function function = std::get<Function>(asked);
  if (status != 0 || function.ref == 0) {
    return Error(Errc::kBadPlugin, "the Lua files of API \"" + program_->api_id +
                                       "\" define no global function \"" + name + "\"");
  }
  return function;
}

int State::makeThread(lua_State* lua) {
  auto& thread = *static_cast<LuaThread*>(lua_touserdata(lua, 1));
  // Neighbours in the registry's array: references that nobody gives back.
  int anchors[kAnchors];
  for (int& anchor : anchors) {
    lua_pushboolean(lua, 0);
    anchor = luaL_ref(lua, LUA_REGISTRYINDEX);
  }
  for (int i = 0; i < kAnchors; ++i) thread.anchors[i] = anchors[i];
  thread.lua = lua_newthread(lua);
  luaL_ref(lua, LUA_REGISTRYINDEX);
  return 0;
}

Result<LuaThread> State::takeThread() {
  if (!idle_.empty()) {
    const LuaThread thread = idle_.back();
    idle_.pop_back();
    return thread;
  }
  LuaThread thread;
  const int status = lua_cpcall(main_, &State::makeThread, &thread);
  lua_settop(main_, 0);
  if (status != 0) return Error(Errc::kPluginFailed, "no memory for a Lua thread");
  return thread;
}

void State::giveThread(LuaThread thread) noexcept {
  for (const int anchor : thread.anchors) {
    lua_pushboolean(thread.lua, 0);
    lua_rawseti(thread.lua, LUA_REGISTRYINDEX, anchor);
  }
  idle_.push_back(thread);
}

void State::checkDepth(lua_State* lua) const {
  const char here = 0;
  if (static_cast<const char*>(stack_base_) - &here > kDeepStack) {
    luaL_error(lua, "C stack overflow");
  }
}

std::size_t State::memoryLimit() const noexcept { return program_->memory_limit; }

bool State::recover() noexcept {
  lua_gc(main_, LUA_GCCOLLECT, 0);
  return used_ < program_->memory_limit / 2;
}

}  // namespace tykpp::drivers::lua
