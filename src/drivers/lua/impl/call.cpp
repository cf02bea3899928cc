#include "drivers/lua/impl/call.hpp"

#include "drivers/lua/impl/convert.hpp"
#include "drivers/lua/impl/host.hpp"
#include "drivers/lua/impl/reply.hpp"
#include "drivers/message_edit.hpp"

namespace tykpp::drivers::lua {
namespace {

constexpr std::size_t kMaxErrorText = 4096;

}  // namespace

Call& Call::need(lua_State* lua) {
  Call* const call = State::of(lua).running();
  if (call == nullptr) luaL_error(lua, "there is no request: this is for functions of hooks");
  if (call->script_.cancelled()) luaL_error(lua, "the request is gone");
  return *call;
}

Call& Call::needResponse(lua_State* lua) {
  Call& call = need(lua);
  if (call.hook() != Hook::kResponse) {
    luaL_error(lua, "there is no response yet: this is for response hooks");
  }
  return call;
}

Result<HookVerdict> Call::run(const Function& function) {
  function_ = &function;
  state_.setStackBase(&function);
  state_.setRunning(this);
  state_.watched().enter(state_.main(), script_.deadline());
  lua_State* const lua = thread_.lua;
  lua_rawgeti(lua, LUA_REGISTRYINDEX, state_.bodyRef());
  const int status = lua_pcall(lua, 0, 0, 0);
  state_.watched().leave();
  if (status != 0) takeError(lua);
  if (status == LUA_ERRMEM) out_of_memory_ = true;
  state_.endCall(thread_);
  state_.setRunning(nullptr);
  return applied();
}

int Call::body(lua_State* lua) {
  State::of(lua).running()->runFunction(lua);
  return 0;
}

void Call::runFunction(lua_State* lua) {
  lua_rawgeti(lua, LUA_REGISTRYINDEX, state_.tracebackRef());
  const int handler = lua_gettop(lua);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, function_->ref);
  const int arguments = pushArguments(lua);
  constexpr int kResults = 3;
  const int status = lua_pcall(lua, arguments, kResults, handler);
  if (exit_) return;
  if (status != 0) {
    takeError(lua);
    if (status == LUA_ERRMEM) out_of_memory_ = true;
    return;
  }
  if (script_.cancelled()) return;
  readResults(lua, handler + 1);
}

/// Only as many as the function declares: what nobody asked for is not made.
int Call::pushArguments(lua_State* lua) {
  constexpr Anchor kShort[] = {kRequest, kSession, kSpec};
  constexpr Anchor kAuthLong[] = {kRequest, kSession, kMetadata, kSpec};
  constexpr Anchor kAnswer[] = {kRequest, kResponse, kSession, kMetadata, kSpec};
  const int wanted = function_->parameters;
  const Anchor* list = kShort;
  int count = std::min(wanted, 3);
  if (hook() == Hook::kResponse) {
    list = kAnswer;
    count = std::min(wanted, 5);
  } else if (hook() == Hook::kAuth && wanted >= 4) {
    list = kAuthLong;
    count = 4;
  }
  for (int i = 0; i < count; ++i) pushAnchored(lua, list[i]);
  return count;
}

void Call::takeError(lua_State* lua) {
  if (exit_) return;
  failed_ = true;
  std::string_view text = "error object is not a string";
  if (lua_type(lua, -1) == LUA_TSTRING) text = viewAt(lua, -1);
  error_ = std::string(text.substr(0, kMaxErrorText));
}

void Call::readResults(lua_State* lua, int first) {
  const bool answers = hook() == Hook::kResponse;
  const Anchor anchor = answers ? kResponse : kRequest;
  if (isNull(lua, first)) {
    if (function_->parameters > 0) {
      luaL_error(lua, "the function returned no %s", answers ? "response" : "request");
    }
    // A function without parameters works on the request itself.
    if (tables_[anchor] != nullptr) {
      pushAnchored(lua, anchor);
    } else {
      lua_pushnil(lua);
    }
    lua_replace(lua, first);
  } else if (!lua_istable(lua, first)) {
    luaL_error(lua, "the function returned a %s", luaL_typename(lua, first));
  }
  if (answers) {
    untouched_ = !readResponse(lua, first, *this, response_);
    return;
  }
  untouched_ = !readRequest(lua, first, *this, reply_);
  if (hook() == Hook::kAuth) {
    for (const auto& [index, own] : {std::pair(first + 1, kSession), {first + 2, kMetadata}}) {
      if (lua_istable(lua, index) || tables_[own] == nullptr) continue;
      pushAnchored(lua, own);
      lua_replace(lua, index);
    }
    readSession(lua, first + 1, first + 2, reply_);
  }
}

Result<HookVerdict> Call::applied() {
  if (script_.cancelled()) return failed();
  if (exit_) return answerExit();
  if (failed_) return failed();
  HookCall call{hook(), exchange(), nullptr, script_.deadline()};
  if (hook() == Hook::kResponse) {
    if (untouched_) return HookVerdict::kContinue;
    return coprocess::applyResponse(call, facts_, std::move(response_));
  }
  if (untouched_ && hook() != Hook::kAuth) return HookVerdict::kContinue;
  return coprocess::apply(call, facts_, std::move(reply_));
}

Result<HookVerdict> Call::failed() const {
  if (script_.mustStop()) {
    return coprocess::failure(hook(), "the hook did not end in time: " + error_,
                              Errc::kPluginTimeout);
  }
  return coprocess::failure(hook(), error_);
}

Result<HookVerdict> Call::answerExit() {
  http::Response& response = exchange().response();
  response.status = static_cast<std::uint16_t>(exit_->status);
  response.reason = {};
  response.headers.clear();
  for (const auto& [name, value] : exit_->headers) {
    // Passes over the fields that frame the message.
    addHeader(response.headers, name, value, facts_.verbatim_names);
  }
  response.setBody(std::move(exit_->body));
  return HookVerdict::kRespond;
}

int Call::exit(lua_State* lua) {
  const lua_Integer status = luaL_optinteger(lua, 1, 200);
  if (status < 200 || status > 599) luaL_argerror(lua, 1, "a status is 200 to 599");
  Exit exit;
  exit.status = static_cast<int>(status);
  if (!lua_isnoneornil(lua, 2)) exit.body = checkView(lua, 2);
  exit.headers = fieldsAt(lua, 3, "headers");
  for (const auto& [name, value] : exit.headers) {
    if (!http::isToken(name) || !http::isFieldValue(value)) {
      luaL_error(lua, "header \"%s\" is malformed", name.c_str());
    }
  }
  exit_ = std::move(exit);
  return luaL_error(lua, "tykpp.exit");
}

void Call::setSession(nlohmann::json session) { reply_.session = std::move(session); }

int Call::leave(lua_State* lua) {
  if (script_.mustStop()) {
    state_.watched().stopNow();
    luaL_error(lua, "the hook's time is up");
  }
  // Other calls would see half a module.
  if (state_.loading()) luaL_error(lua, "a module cannot wait while it is loaded");
  const int globals = state_.detachGlobals(lua);
  state_.setRunning(nullptr);
  state_.watched().leave();
  return globals;
}

void Call::comeBack(lua_State* lua, int globals) {
  state_.watched().enter(state_.main(), script_.deadline());
  state_.setRunning(this);
  state_.setStackBase(function_);
  state_.attachGlobals(lua, globals);
  if (!script_.cancelled()) return;
  state_.watched().stopNow();
}

std::pair<std::string_view, std::string_view> Call::headerOf(lua_State* lua, int name, int value) {
  const std::string_view key = checkView(lua, name);
  const std::string_view text = value != 0 ? checkView(lua, value) : std::string_view{};
  if (!http::isToken(key)) luaL_argerror(lua, name, "no header name");
  if (!http::isFieldValue(text))
    luaL_argerror(lua, value, "a header value has no control characters");
  const std::string_view copy = exchange().arena().copy(key);
  if (!facts_.verbatim_names) http::canonicalise(const_cast<char*>(copy.data()), copy.size());
  return {copy, value != 0 ? exchange().arena().copy(text) : text};
}

}  // namespace tykpp::drivers::lua
