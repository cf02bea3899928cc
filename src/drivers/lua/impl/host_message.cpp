// `tyk.req`, `tykpp.req` and `tykpp.resp`: the message that passes.

#include "drivers/lua/impl/call.hpp"
#include "drivers/lua/impl/convert.hpp"
#include "drivers/lua/impl/host.hpp"
#include "drivers/message_edit.hpp"

namespace tykpp::drivers::lua {
namespace {

/// Pushes a table member of the request, made when there is none.
void pushMember(lua_State* lua, Call& call, RequestField field) {
  call.pushAnchored(lua, kRequest);
  if (!call.seen(field)) {
    lua_pushstring(lua, kRequestFields[static_cast<std::size_t>(field)]);
    call.push(lua, field);
    lua_rawset(lua, -3);
    call.see(field);
  }
  lua_pushstring(lua, kRequestFields[static_cast<std::size_t>(field)]);
  lua_rawget(lua, -2);
  if (lua_istable(lua, -1)) return;
  lua_pop(lua, 1);
  lua_newtable(lua);
  lua_pushstring(lua, kRequestFields[static_cast<std::size_t>(field)]);
  lua_pushvalue(lua, -2);
  lua_rawset(lua, -4);
}

int tykGetHeaders(lua_State* lua) {
  Call::need(lua).pushAnchored(lua, kRequest);
  lua_getfield(lua, -1, "headers");
  return 1;
}

int tykSetHeader(lua_State* lua) {
  const std::string_view name = checkView(lua, 1);
  const std::string_view value = checkView(lua, 2);
  Call& call = Call::need(lua);
  if (call.setLater(name, value)) return 0;
  pushMember(lua, call, RequestField::kSetHeaders);
  lua_pushvalue(lua, 1);
  lua_pushvalue(lua, 2);
  lua_rawset(lua, -3);
  return 0;
}

int tykClearHeader(lua_State* lua) {
  const std::string_view name = checkView(lua, 1);
  Call& call = Call::need(lua);
  if (call.deleteLater(name)) return 0;
  pushMember(lua, call, RequestField::kDeleteHeaders);
  lua_pushvalue(lua, 1);
  lua_rawseti(lua, -2, static_cast<int>(lua_objlen(lua, -2)) + 1);
  return 0;
}

int nothing(lua_State* /*lua*/) { return 0; }

struct OfRequest {
  static Call& call(lua_State* lua) { return Call::need(lua); }
  static http::Headers& headers(Call& call) { return call.exchange().request().headers; }
  static std::vector<coprocess::ViewPair> fields(Call& call) {
    return coprocess::requestHeaders(call.exchange());
  }
  static const std::string* body(Call& call) { return call.exchange().request().body(); }
  static void setBody(Call& call, std::string body) {
    setRequestBody(call.exchange(), std::move(body));
    call.replaceBody();
  }
};

struct OfResponse {
  static Call& call(lua_State* lua) { return Call::needResponse(lua); }
  static http::Headers& headers(Call& call) { return call.exchange().response().headers; }
  static std::vector<coprocess::ViewPair> fields(Call& call) {
    return coprocess::responseFields(call.exchange());
  }
  static const std::string* body(Call& call) { return call.exchange().response().body(); }
  static void setBody(Call& call, std::string body) {
    call.exchange().response().setBody(std::move(body));
    call.replaceBody();
  }
};

/// Every value of each header: a string, or a list when there are several.
template <class Message>
int getHeaders(lua_State* lua) {
  Call& call = Message::call(lua);
  const auto fields = Message::fields(call);
  lua_createtable(lua, 0, static_cast<int>(fields.size()));
  for (const auto& [name, value] : fields) {
    push(lua, name);
    lua_pushvalue(lua, -1);
    lua_rawget(lua, -3);
    if (lua_isnil(lua, -1)) {
      lua_pop(lua, 1);
      push(lua, value);
      lua_rawset(lua, -3);
      continue;
    }
    if (!lua_istable(lua, -1)) {
      lua_createtable(lua, 2, 0);
      lua_insert(lua, -2);
      lua_rawseti(lua, -2, 1);
    }
    push(lua, value);
    lua_rawseti(lua, -2, static_cast<int>(lua_objlen(lua, -2)) + 1);
    lua_rawset(lua, -3);
  }
  return 1;
}

template <class Message>
int getHeader(lua_State* lua) {
  Call& call = Message::call(lua);
  const http::HeaderField* const field = Message::headers(call).find(checkView(lua, 1));
  if (field == nullptr) return 0;
  push(lua, field->value);
  return 1;
}

int malformed(lua_State* lua) {
  return luaL_error(lua, "header \"%s\" is malformed", lua_tostring(lua, 1));
}

template <class Message>
int addHeader(lua_State* lua) {
  Call& call = Message::call(lua);
  const std::string_view name = checkView(lua, 1);
  if (!drivers::addHeader(Message::headers(call), name, checkView(lua, 2),
                          call.facts().verbatim_names)) {
    return malformed(lua);
  }
  return 0;
}

template <class Message>
int clearHeader(lua_State* lua) {
  deleteHeader(Message::headers(Message::call(lua)), checkView(lua, 1));
  return 0;
}

template <class Message>
int setHeader(lua_State* lua) {
  if (lua_isnoneornil(lua, 2)) return clearHeader<Message>(lua);
  Call& call = Message::call(lua);
  const std::string_view name = checkView(lua, 1);
  if (!drivers::setHeader(Message::headers(call), name, checkView(lua, 2),
                          call.facts().verbatim_names)) {
    return malformed(lua);
  }
  return 0;
}

template <class Message>
int getBody(lua_State* lua) {
  const std::string* const body = Message::body(Message::call(lua));
  push(lua, body != nullptr ? std::string_view(*body) : std::string_view{});
  return 1;
}

template <class Message>
int setBody(lua_State* lua) {
  Message::setBody(Message::call(lua), std::string(checkView(lua, 1)));
  return 0;
}

int getMethod(lua_State* lua) {
  push(lua, Call::need(lua).exchange().request().method);
  return 1;
}

int setMethod(lua_State* lua) {
  if (!drivers::setMethod(Call::need(lua).exchange(), checkView(lua, 1))) {
    return luaL_argerror(lua, 1, "no method");
  }
  return 0;
}

int getUri(lua_State* lua) {
  push(lua, requestUrl(Call::need(lua).exchange()));
  return 1;
}

int setUri(lua_State* lua) {
  if (!setUrl(Call::need(lua).exchange(), checkView(lua, 1))) {
    return luaL_argerror(lua, 1, "no absolute path or URL");
  }
  return 0;
}

int getPath(lua_State* lua) {
  push(lua, Call::need(lua).exchange().request().path);
  return 1;
}

int getParams(lua_State* lua) {
  push(lua, coprocess::requestParams(Call::need(lua).exchange()));
  return 1;
}

int setParam(lua_State* lua) {
  http::Exchange& exchange = Call::need(lua).exchange();
  const std::string_view name = checkView(lua, 1);
  QueryEdit edit;
  if (lua_isnoneornil(lua, 2)) {
    edit.remove.emplace_back(name);
  } else {
    edit.set.emplace_back(name, checkView(lua, 2));
  }
  setQuery(exchange, editedQuery(exchange.request().query, edit));
  return 0;
}

template <std::string_view (*kRead)(http::Exchange&)>
int getText(lua_State* lua) {
  push(lua, kRead(Call::need(lua).exchange()));
  return 1;
}
std::string_view hostOf(http::Exchange& exchange) { return exchange.request().host; }
std::string_view addressOf(http::Exchange& exchange) { return exchange.peer.address; }
std::string_view schemeOf(http::Exchange& exchange) { return coprocess::requestScheme(exchange); }

int getStatus(lua_State* lua) {
  lua_pushinteger(lua, Call::needResponse(lua).exchange().response().status);
  return 1;
}

int setStatus(lua_State* lua) {
  http::Response& response = Call::needResponse(lua).exchange().response();
  const lua_Integer status = luaL_checkinteger(lua, 1);
  if (status < 200 || status > 599) return luaL_argerror(lua, 1, "a status is 200 to 599");
  if (status != response.status) response.reason = {};
  response.status = static_cast<std::uint16_t>(status);
  return 0;
}

template <class Message>
void addMessageFunctions(lua_State* lua) {
  constexpr luaL_Reg kFunctions[] = {
      {"get_headers", &getHeaders<Message>},   {"get_header", &getHeader<Message>},
      {"set_header", &setHeader<Message>},     {"add_header", &addHeader<Message>},
      {"clear_header", &clearHeader<Message>}, {"get_body", &getBody<Message>},
      {"set_body", &setBody<Message>},         {nullptr, nullptr}};
  luaL_setfuncs(lua, kFunctions, 0);
}

}  // namespace

void addRequestFunctions(lua_State* lua) {
  constexpr luaL_Reg kTyk[] = {{"get_headers", &tykGetHeaders},   {"set_header", &tykSetHeader},
                               {"clear_header", &tykClearHeader}, {"start_time", &nothing},
                               {"http_version", &nothing},        {nullptr, nullptr}};
  lua_newtable(lua);
  luaL_setfuncs(lua, kTyk, 0);
  lua_setfield(lua, -2, "tyk_req");
  constexpr luaL_Reg kFunctions[] = {{"get_method", &getMethod},
                                     {"set_method", &setMethod},
                                     {"get_uri", &getUri},
                                     {"set_uri", &setUri},
                                     {"get_path", &getPath},
                                     {"get_params", &getParams},
                                     {"set_param", &setParam},
                                     {"get_host", &getText<hostOf>},
                                     {"get_scheme", &getText<schemeOf>},
                                     {"get_remote_addr", &getText<addressOf>},
                                     {nullptr, nullptr}};
  lua_newtable(lua);
  luaL_setfuncs(lua, kFunctions, 0);
  addMessageFunctions<OfRequest>(lua);
  lua_setfield(lua, -2, "req");
}

void addResponseFunctions(lua_State* lua) {
  constexpr luaL_Reg kFunctions[] = {
      {"get_status", &getStatus}, {"set_status", &setStatus}, {nullptr, nullptr}};
  lua_newtable(lua);
  luaL_setfuncs(lua, kFunctions, 0);
  addMessageFunctions<OfResponse>(lua);
  lua_setfield(lua, -2, "resp");
}

}  // namespace tykpp::drivers::lua
