#pragma once
// One Lua state: the API's files loaded, its sandbox, its memory limit and its pool of Lua threads.
// Thread: one worker; it is destroyed on any.

#include <cstddef>
#include <lua.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "drivers/lua/impl/small_blocks.hpp"
#include "drivers/lua/impl/watchdog.hpp"

namespace tykpp::drivers::lua {

struct Program;
class Call;

/// Tables of a call that Lua code can come back to.
enum Anchor : int { kRequest, kResponse, kSession, kMetadata, kSpec, kAnchors };

/// A Lua thread that runs one call at a time, and where its tables are anchored in the registry.
struct LuaThread {
  lua_State* lua = nullptr;
  int anchors[kAnchors] = {};
};

/// A hook's function within a state.
struct Function {
  int ref = 0;         ///< in the registry
  int parameters = 0;  ///< declared; with `...`: many
  bool no_body = false;
};

class State {
 public:
  /// Runs the API's files. @error kBadPlugin  with what Lua says
  static Result<std::unique_ptr<State>> create(std::shared_ptr<const Program> program,
                                               Watched& watched);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  /// The state that this Lua thread belongs to.
  static State& of(lua_State* lua) noexcept;

  /// The global function of that name. @error kBadPlugin  there is none
  Result<Function> find(const std::string& name);

  /// Every global function that the files define, by name.
  std::map<std::string, Function> functions();

  /// A thread with an empty stack. @error kPluginFailed  no memory
  Result<LuaThread> takeThread();
  void giveThread(LuaThread thread) noexcept;

  /// The call that runs now, null while none does (files are loaded, or all calls wait).
  Call* running() const noexcept { return running_; }
  void setRunning(Call* call) noexcept { running_ = call; }
  Watched& watched() noexcept { return watched_; }
  const Program& program() const noexcept { return *program_; }
  lua_State* main() noexcept { return main_; }

  /// Raises an error when calls are nested so deep that the C stack comes to its end. For functions
  /// that call Lua code from C.
  void checkDepth(lua_State* lua) const;
  /// Where the stack that runs now begins.
  void setStackBase(const void* base) noexcept { stack_base_ = base; }
  std::size_t memoryLimit() const noexcept;

  // References in the registry.
  int bodyRef() const noexcept { return body_; }
  int tracebackRef() const noexcept { return traceback_; }
  /// The metatable that makes a table lazy, and where it is.
  struct Lazy {
    int ref = 0;
    const void* meta = nullptr;
  };
  Lazy& lazy(Anchor anchor) noexcept { return lazy_[anchor]; }

  // The table that takes the globals a call assigns. In protected mode, on the call's thread.

  /// Whether anything was assigned.
  bool hasGlobals(lua_State* lua);
  /// Takes the table out, a fresh one takes its place. @return a reference in the registry,
  /// LUA_NOREF when nothing was assigned
  int detachGlobals(lua_State* lua);
  /// Puts it back.
  void attachGlobals(lua_State* lua, int ref);
  /// Forgets the globals and what is on the stack. Not in protected mode.
  void endCall(LuaThread thread) noexcept;
  /// While a module is loaded, assignments to globals are for good. Calls nest.
  bool loading() const noexcept { return loading_ > 0; }
  void setLoading(lua_State* lua, bool loading);

  /// After an error of memory: what can be freed is. @return whether there is room again
  bool recover() noexcept;
  /// Later calls go to another state.
  void retire() noexcept { retired_ = true; }
  bool retired() const noexcept { return retired_; }
  std::size_t used() const noexcept { return used_; }

 private:
  State(std::shared_ptr<const Program> program, Watched& watched)
      : program_(std::move(program)), watched_(watched) {}
  static void* allocate(void* self, void* block, std::size_t before, std::size_t after);
  static int setup(lua_State* lua);
  static int makeThread(lua_State* lua);
  static int lookUp(lua_State* lua);
  static int listFunctions(lua_State* lua);
  void describe(lua_State* lua, Function& function);
  void openLibraries(lua_State* lua);
  void setPaths(lua_State* lua);
  void runFiles(lua_State* lua);
  static int clearGlobals(lua_State* lua);
  void freshGlobals(lua_State* lua);
  void useGlobals(lua_State* lua, int ref);

  std::shared_ptr<const Program> program_;
  Watched& watched_;
  SmallBlocks blocks_;  // before the state that lives in it: destroyed after it
  std::size_t used_ = 0;
  lua_State* main_ = nullptr;
  Call* running_ = nullptr;
  const void* stack_base_ = nullptr;
  std::vector<LuaThread> idle_;
  int body_ = 0;
  int traceback_ = 0;
  Lazy lazy_[kAnchors];
  int environment_meta_ = 0;  // metatable of the chunks' environment
  int globals_ = LUA_NOREF;   // the table that takes a call's globals
  int loading_ = 0;           // modules that are being loaded, one in the other
  bool retired_ = false;
  int base_ = 0;          // globals that were defined while loading
  int globals_meta_ = 0;  // metatable of the tables for a call's globals
};

}  // namespace tykpp::drivers::lua
