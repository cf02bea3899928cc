#pragma once
// One call of a hook's function: what the script is shown, and what it left. Lives on the call's
// fiber, from its start to its end.

#include <lua.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "drivers/coprocess/message.hpp"
#include "drivers/lua/impl/fields.hpp"
#include "drivers/lua/impl/state.hpp"
#include "drivers/script/script_call.hpp"

namespace tykpp::drivers::lua {

class Call {
 public:
  Call(script::ScriptCall& script, State& state, const coprocess::Facts& facts, LuaThread thread)
      : script_(script), state_(state), facts_(facts), thread_(thread) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// Runs the function and applies what it left.
  Result<HookVerdict> run(const Function& function);
  /// Whether Lua said that its memory is used up.
  bool outOfMemory() const noexcept { return out_of_memory_; }

  /// The call that runs. Raises a Lua error when there is none: while files are loaded.
  static Call& need(lua_State* lua);
  /// The same for functions of the response alone.
  static Call& needResponse(lua_State* lua);

  Hook hook() const noexcept { return script_.hook(); }
  http::Exchange& exchange() const noexcept { return script_.exchange(); }
  const coprocess::Facts& facts() const noexcept { return facts_; }
  script::ScriptCall& script() const noexcept { return script_; }
  State& state() const noexcept { return state_; }

  /// Pushes the table of that name, nil when this hook has none.
  void pushAnchored(lua_State* lua, Anchor anchor);
  /// Fills the tables that were handed over empty, for code that looks at all of them.
  void fill(lua_State* lua);
  /// Whether the table at the index is this call's.
  bool owns(lua_State* lua, int index, Anchor anchor) const noexcept;

  // The lazy fields.
  bool seen(RequestField field) const noexcept { return (request_seen_ & bit(field)) != 0; }
  void see(RequestField field) noexcept { request_seen_ |= bit(field); }
  bool seen(ResponseField field) const noexcept { return (response_seen_ & bit(field)) != 0; }
  void see(ResponseField field) noexcept { response_seen_ |= bit(field); }
  /// Pushes a field as the gateway has it, nil when it is empty.
  void push(lua_State* lua, RequestField field);
  void push(lua_State* lua, ResponseField field);

  // Changes of headers that functions ask for. `request.set_headers` and `request.delete_headers`
  // become tables only when the script looks at them, or when these here have taken enough: tables
  // are within the script's memory limit.

  /// @return false when the change has to go into the table
  bool setLater(std::string_view name, std::string_view value);
  bool deleteLater(std::string_view name);
  /// The script puts its own table in the place of the field.
  void forget(RequestField field);

  // What the script was shown: what it gives back unchanged is not applied.
  std::string_view shownUrl() const noexcept { return shown_url_; }
  std::string_view shownMethod() const noexcept { return shown_method_; }
  /// The body was replaced through the `tykpp` table, and the request table's is stale.
  bool bodyReplaced() const noexcept { return body_replaced_; }
  void replaceBody() noexcept { body_replaced_ = true; }

  /// Lets other calls run while `wait` waits. In protected mode; raises the error of a late script.
  template <class Wait>
  auto outside(lua_State* lua, Wait&& wait) {
    const int globals = leave(lua);
    auto answer = wait();
    comeBack(lua, globals);
    return answer;
  }
  /// What tykpp.exit asked for. Ends the script.
  int exit(lua_State* lua);
  /// A session that `tykpp.session.set` made.
  void setSession(nlohmann::json session);
  /// Name and value of a header to set or add; checks them. Views: the arena.
  std::pair<std::string_view, std::string_view> headerOf(lua_State* lua, int name, int value);

  /// What protected calls run: the call that State::running() names.
  static int body(lua_State* lua);

 private:
  struct Exit {
    int status = 0;
    std::string body;
    std::vector<coprocess::Pair> headers;
  };
  template <class Field>
  static constexpr std::uint32_t bit(Field field) noexcept {
    return 1U << static_cast<unsigned>(field);
  }
  void runFunction(lua_State* lua);
  int pushArguments(lua_State* lua);
  void pushSetHeaders(lua_State* lua);
  void pushDeleteHeaders(lua_State* lua);
  void makeTable(lua_State* lua, Anchor anchor);
  void fillOne(lua_State* lua, Anchor anchor);
  void takeError(lua_State* lua);
  void readResults(lua_State* lua, int first);
  int leave(lua_State* lua);
  void comeBack(lua_State* lua, int globals);
  Result<HookVerdict> applied();
  Result<HookVerdict> answerExit();
  Result<HookVerdict> failed() const;

  script::ScriptCall& script_;
  State& state_;
  const coprocess::Facts& facts_;
  const LuaThread thread_;
  const Function* function_ = nullptr;
  const void* tables_[kAnchors] = {};
  std::uint32_t request_seen_ = 0;
  std::uint32_t response_seen_ = 0;
  bool body_replaced_ = false;
  std::string_view shown_url_;
  std::string_view shown_method_;
  bool untouched_ = false;
  bool out_of_memory_ = false;
  bool failed_ = false;
  std::string error_;
  std::optional<Exit> exit_;
  coprocess::RequestReply reply_;
  coprocess::ResponseReply response_;
};

}  // namespace tykpp::drivers::lua
