// The tables that are handed over empty and filled when the script looks at them. A script sees
// plain tables: `pairs`, `next`, `rawget` and cjson fill a table before they look at it.

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "drivers/lua/impl/call.hpp"
#include "drivers/lua/impl/convert.hpp"
#include "drivers/lua/impl/host.hpp"
#include "drivers/lua/impl/program.hpp"
#include "drivers/message_edit.hpp"

namespace tykpp::drivers::lua {
namespace {

template <class Field>
constexpr Anchor anchorOf() {
  return std::is_same_v<Field, RequestField> ? kRequest : kResponse;
}

/// The call that the table at 1 belongs to.
Call& ownerOf(lua_State* lua, Anchor anchor) {
  Call& call = Call::need(lua);
  if (!call.owns(lua, 1, anchor)) luaL_error(lua, "this table is of a request that has ended");
  return call;
}

/// The field that the key at 2 names; kCount when it is none. Upvalue 1 has the numbers.
template <class Field>
Field fieldOf(lua_State* lua) {
  lua_pushvalue(lua, 2);
  lua_rawget(lua, lua_upvalueindex(1));
  const auto number = lua_tointeger(lua, -1);
  lua_pop(lua, 1);
  return number == 0 ? Field::kCount : static_cast<Field>(number - 1);
}

template <class Field>
int lazyIndex(lua_State* lua) {
  const Field field = fieldOf<Field>(lua);
  if (field == Field::kCount) return 0;
  Call& call = ownerOf(lua, anchorOf<Field>());
  if (call.seen(field)) return 0;  // it was taken out
  call.push(lua, field);
  if (lua_isnil(lua, -1)) return 1;
  call.see(field);
  lua_pushvalue(lua, 2);
  lua_pushvalue(lua, -2);
  lua_rawset(lua, 1);
  return 1;
}

template <class Field>
int lazyAssign(lua_State* lua) {
  const Field field = fieldOf<Field>(lua);
  if (field != Field::kCount) {
    Call& call = ownerOf(lua, anchorOf<Field>());
    call.see(field);
    if constexpr (std::is_same_v<Field, RequestField>) call.forget(field);
  }
  lua_settop(lua, 3);
  lua_rawset(lua, 1);
  return 0;
}

/// Session and metadata come to life as a whole.
template <Anchor kAnchor>
int wholeIndex(lua_State* lua) {
  ownerOf(lua, kAnchor).fill(lua);
  lua_pushvalue(lua, 2);
  lua_rawget(lua, 1);
  return 1;
}

template <Anchor kAnchor>
int wholeAssign(lua_State* lua) {
  ownerOf(lua, kAnchor).fill(lua);
  lua_settop(lua, 3);
  lua_rawset(lua, 1);
  return 0;
}

int isLazy(lua_State* lua) {
  if (lua_getmetatable(lua, 1) == 0) return 0;
  const void* const meta = lua_topointer(lua, -1);
  State& state = State::of(lua);
  for (int i = 0; i < kAnchors; ++i) {
    if (state.lazy(static_cast<Anchor>(i)).meta != meta) continue;
    lua_pushboolean(lua, 1);
    return 1;
  }
  return 0;
}

/// Every table of the running call; a table of an earlier call only loses what makes it lazy.
int fillTables(lua_State* lua) {
  lua_settop(lua, 1);
  if (Call* const call = State::of(lua).running()) call->fill(lua);
  if (!lua_istable(lua, 1)) return 0;
  isLazy(lua);
  if (lua_isboolean(lua, -1)) {
    lua_pushnil(lua);
    lua_setmetatable(lua, 1);
  }
  return 0;
}

/// The table of metamethods at the top becomes the one of this kind.
void keepMeta(lua_State* lua, Anchor anchor) {
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  State::Lazy& lazy = State::of(lua).lazy(anchor);
  lazy.meta = lua_topointer(lua, -1);
  lazy.ref = luaL_ref(lua, LUA_REGISTRYINDEX);
}

template <class Field>
void addFieldMeta(lua_State* lua, const char* const* names) {
  lua_newtable(lua);
  lua_newtable(lua);
  for (int i = 0; i < static_cast<int>(Field::kCount); ++i) {
    lua_pushinteger(lua, i + 1);
    lua_setfield(lua, -2, names[i]);
  }
  lua_pushvalue(lua, -1);
  lua_pushcclosure(lua, &lazyIndex<Field>, 1);
  lua_setfield(lua, -3, "__index");
  lua_pushcclosure(lua, &lazyAssign<Field>, 1);
  lua_setfield(lua, -2, "__newindex");
  keepMeta(lua, anchorOf<Field>());
}

template <Anchor kAnchor>
void addWholeMeta(lua_State* lua) {
  lua_newtable(lua);
  lua_pushcfunction(lua, &wholeIndex<kAnchor>);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, &wholeAssign<kAnchor>);
  lua_setfield(lua, -2, "__newindex");
  keepMeta(lua, kAnchor);
}

void pushSpec(lua_State* lua, const std::vector<coprocess::Pair>& spec) {
  lua_createtable(lua, 0, static_cast<int>(spec.size()));
  for (const auto& [name, value] : spec) {
    push(lua, std::string_view(name));
    push(lua, std::string_view(value));
    lua_rawset(lua, -3);
  }
}

void pushBody(lua_State* lua, std::string_view body, const coprocess::Facts& facts) {
  if (body.empty() || facts.raw_body_only || !isUtf8(body)) {
    lua_pushnil(lua);
  } else {
    push(lua, body);
  }
}

void pushRawBody(lua_State* lua, std::string_view body) {
  if (body.empty()) {
    lua_pushnil(lua);
  } else {
    push(lua, encodeBase64(body));
  }
}

void pushFields(lua_State* lua, const std::vector<coprocess::ViewPair>& fields) {
  lua_newtable(lua);
  int count = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto same = [&](std::size_t at) { return fields[at].first == fields[i].first; };
    bool first = true;
    for (std::size_t j = 0; j < i; ++j) first = first && !same(j);
    if (!first) continue;
    lua_createtable(lua, 0, 2);
    push(lua, fields[i].first);
    lua_setfield(lua, -2, "key");
    lua_newtable(lua);
    int values = 0;
    for (std::size_t j = i; j < fields.size(); ++j) {
      if (!same(j)) continue;
      push(lua, fields[j].second);
      lua_rawseti(lua, -2, ++values);
    }
    lua_setfield(lua, -2, "values");
    lua_rawseti(lua, -2, ++count);
  }
}

std::vector<coprocess::ViewPair> firstValues(std::vector<coprocess::ViewPair> fields) {
  std::vector<coprocess::ViewPair> first;
  for (const auto& field : fields) {
    const bool known = std::any_of(first.begin(), first.end(),
                                   [&](const auto& pair) { return pair.first == field.first; });
    if (!known) first.push_back(field);
  }
  return first;
}

void pushUnlessEmpty(lua_State* lua, const std::vector<coprocess::ViewPair>& pairs) {
  if (pairs.empty()) {
    lua_pushnil(lua);
  } else {
    push(lua, pairs);
  }
}

}  // namespace

void addLazyTables(lua_State* lua, const Program& program) {
  addFieldMeta<RequestField>(lua, kRequestFields);
  addFieldMeta<ResponseField>(lua, kResponseFields);
  addWholeMeta<kSession>(lua);
  addWholeMeta<kMetadata>(lua);
  lua_newtable(lua);
  pushSpec(lua, program.spec);
  lua_setfield(lua, -2, "__index");
  keepMeta(lua, kSpec);
  lua_pushcfunction(lua, &isLazy);
  lua_setfield(lua, -2, "is_lazy");
  lua_pushcfunction(lua, &fillTables);
  lua_setfield(lua, -2, "fill");
}

void Call::push(lua_State* lua, RequestField field) {
  switch (field) {
    case RequestField::kHeaders:
      return lua::push(lua, coprocess::requestHeaders(exchange()));
    case RequestField::kParams:
      return pushUnlessEmpty(lua, coprocess::requestParams(exchange()));
    case RequestField::kUrl:
      shown_url_ = coprocess::shownUrl(exchange());
      return lua::push(lua, shown_url_);
    case RequestField::kMethod:
      shown_method_ = coprocess::shownMethod(exchange());
      return lua::push(lua, shown_method_);
    case RequestField::kRequestUri:
      return lua::push(lua, coprocess::requestUri(exchange()));
    case RequestField::kScheme:
      return lua::push(lua, coprocess::requestScheme(exchange()));
    case RequestField::kBody:
      return pushBody(lua, coprocess::requestBody(exchange()), facts_);
    case RequestField::kRawBody:
      return pushRawBody(lua, coprocess::requestBody(exchange()));
    case RequestField::kSetHeaders:
      return pushSetHeaders(lua);
    case RequestField::kDeleteHeaders:
      return pushDeleteHeaders(lua);
    case RequestField::kReturnOverrides:
      lua_createtable(lua, 0, 1);
      lua_pushinteger(lua, -1);
      return lua_setfield(lua, -2, "response_code");
    default:  // what a plugin fills, empty until it does
      return lua_pushnil(lua);
  }
}

void Call::push(lua_State* lua, ResponseField field) {
  const http::Response& response = exchange().response();
  const std::string_view body =
      response.body() != nullptr ? std::string_view(*response.body()) : std::string_view{};
  switch (field) {
    case ResponseField::kStatusCode:
      return lua_pushinteger(lua, response.status);
    case ResponseField::kHeaders:
      return pushUnlessEmpty(lua, firstValues(coprocess::responseFields(exchange())));
    case ResponseField::kMultivalueHeaders:
      return pushFields(lua, coprocess::responseFields(exchange()));
    case ResponseField::kBody:
      return pushBody(lua, body, facts_);
    case ResponseField::kRawBody:
      return pushRawBody(lua, body);
    default:
      return lua_pushnil(lua);
  }
}

bool Call::owns(lua_State* lua, int index, Anchor anchor) const noexcept {
  return tables_[anchor] != nullptr && lua_topointer(lua, index) == tables_[anchor];
}

void Call::pushAnchored(lua_State* lua, Anchor anchor) {
  if (tables_[anchor] == nullptr) makeTable(lua, anchor);
  if (tables_[anchor] == nullptr) {
    lua_pushnil(lua);
  } else {
    lua_rawgeti(lua, LUA_REGISTRYINDEX, thread_.anchors[anchor]);
  }
}

/// A request has no session before it is authenticated; an auth hook makes one.
void Call::makeTable(lua_State* lua, Anchor anchor) {
  const bool of_session = anchor == kSession || anchor == kMetadata;
  const bool makes_session = of_session && hook() == Hook::kAuth;
  if (anchor == kResponse && hook() != Hook::kResponse) return;
  if (of_session && !makes_session) {
    if (hook() == Hook::kPre) return;
    if (exchange().session == nullptr && hook() != Hook::kResponse) return;
  }
  constexpr int kFew = 4;
  lua_createtable(lua, 0, anchor == kRequest || anchor == kResponse ? kFew : 0);
  if (!makes_session) {
    lua_rawgeti(lua, LUA_REGISTRYINDEX, state_.lazy(anchor).ref);
    lua_setmetatable(lua, -2);
  } else if (anchor == kSession) {
    pushAnchored(lua, kMetadata);
    lua_setfield(lua, -2, "metadata");
  }
  tables_[anchor] = lua_topointer(lua, -1);
  lua_rawseti(lua, LUA_REGISTRYINDEX, thread_.anchors[anchor]);
}

void Call::fill(lua_State* lua) {
  luaL_checkstack(lua, 8, nullptr);
  for (int i = 0; i < kAnchors; ++i) {
    const auto anchor = static_cast<Anchor>(i);
    if (tables_[anchor] == nullptr) continue;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, thread_.anchors[anchor]);
    if (lua_getmetatable(lua, -1) != 0) {
      const bool lazy = lua_topointer(lua, -1) == state_.lazy(anchor).meta;
      lua_pop(lua, 1);
      if (lazy) fillOne(lua, anchor);
    }
    lua_pop(lua, 1);
  }
}

/// The table is at the top, and stays there.
void Call::fillOne(lua_State* lua, Anchor anchor) {
  const int table = lua_gettop(lua);
  lua_pushnil(lua);
  lua_setmetatable(lua, table);
  const auto fillFields = [&](auto count, const char* const* names) {
    using Field = decltype(count);
    for (int i = 0; i < static_cast<int>(count); ++i) {
      const auto field = static_cast<Field>(i);
      if (seen(field)) continue;
      see(field);
      lua_pushstring(lua, names[i]);
      push(lua, field);
      lua_rawset(lua, table);
    }
  };
  const auto fillFrom = [&](const nlohmann::json& members) {
    if (!members.is_object()) return;
    for (const auto& [name, value] : members.items()) {
      lua::push(lua, std::string_view(name));
      pushJson(lua, value);
      lua_rawset(lua, table);
    }
  };
  if (anchor == kRequest) return fillFields(RequestField::kCount, kRequestFields);
  if (anchor == kResponse) return fillFields(ResponseField::kCount, kResponseFields);
  if (anchor == kSession) return fillFrom(coprocess::sessionMessage(exchange(), hook()));
  if (anchor == kMetadata) {
    const nlohmann::json session = coprocess::sessionMessage(exchange(), hook());
    return session.is_object() ? fillFrom(session.value("metadata", nlohmann::json())) : void();
  }
  for (const auto& [name, value] : state_.program().spec) {
    lua::push(lua, std::string_view(name));
    lua_pushvalue(lua, -1);
    lua_rawget(lua, table);
    const bool own = !lua_isnil(lua, -1);  // the script wrote it
    lua_pop(lua, own ? 2 : 1);
    if (own) continue;
    lua::push(lua, std::string_view(value));
    lua_rawset(lua, table);
  }
}

}  // namespace tykpp::drivers::lua
