#include "drivers/lua/impl/reply.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "drivers/lua/impl/call.hpp"
#include "drivers/lua/impl/convert.hpp"

namespace tykpp::drivers::lua {
namespace {

/// Reads fields of one table, raw: its lazy fields must not come to life here.
class Fields {
 public:
  Fields(lua_State* lua, int index) : lua_(lua), index_(index) {}
  /// Leaves the member at the top of the stack. @return whether there is one
  bool get(const char* name) {
    lua_pushstring(lua_, name);
    lua_rawget(lua_, index_);
    return !isNull(lua_, -1);
  }
  void drop() { lua_pop(lua_, 1); }
  std::optional<std::string> text(const char* name) {
    std::optional<std::string> found;
    if (get(name)) found = textOf(lua_, -1, name);
    drop();
    return found;
  }
  std::vector<coprocess::Pair> pairs(const char* name) {
    get(name);
    auto found = pairsAt(lua_, -1, name);
    drop();
    return found;
  }
  std::vector<std::string> list(const char* name) {
    get(name);
    auto found = listAt(lua_, -1, name);
    drop();
    return found;
  }
  std::int64_t integer(const char* name) {
    std::int64_t found = 0;
    if (get(name)) {
      const double number = lua_tonumber(lua_, -1);
      if (lua_isnumber(lua_, -1) == 0 || !(std::abs(number) < 1e15)) {
        luaL_error(lua_, "%s is no number", name);
      }
      found = static_cast<std::int64_t>(number);
    }
    drop();
    return found;
  }
  bool truth(const char* name) {
    get(name);
    const bool found = lua_toboolean(lua_, -1) != 0;
    drop();
    return found;
  }

 private:
  lua_State* lua_;
  int index_;
};

constexpr const char* nameOf(RequestField field) {
  return kRequestFields[static_cast<std::size_t>(field)];
}

/// `raw_body` counts when it was changed, else `body` when that was.
std::optional<std::string> bodyOf(lua_State* lua, Fields fields, bool raw_seen, bool body_seen,
                                  std::string_view original, bool text_shown) {
  bool raw_gone = false;
  if (raw_seen) {
    const auto encoded = fields.text("raw_body");
    raw_gone = !encoded;
    if (encoded) {
      auto raw = decodeBase64(*encoded, Padding::kOptional);
      if (!raw) luaL_error(lua, "raw_body is no base64");
      if (*raw != original) return raw;
    }
  }
  if (body_seen) {
    auto body = fields.text("body");
    const std::string_view shown = text_shown ? original : std::string_view{};
    if (body && (*body != shown || (raw_gone && !body->empty()))) return body;
  }
  if (raw_gone && !original.empty()) return std::string{};
  return std::nullopt;
}

coprocess::Overrides overridesOf(lua_State* lua, int index) {
  coprocess::Overrides overrides;
  if (!lua_istable(lua, index)) luaL_error(lua, "return_overrides is no table");
  Fields fields(lua, index);
  overrides.code = fields.integer("response_code");
  overrides.error = fields.text("response_error").value_or("");
  overrides.body = fields.text("response_body").value_or("");
  overrides.headers = fields.pairs("headers");
  overrides.override_error = fields.truth("override_error");
  return overrides;
}

/// The names and values of `multivalue_headers`: a list of `{key =, values =}`.
std::vector<coprocess::HeaderValues> valuesAt(lua_State* lua, int index) {
  std::vector<coprocess::HeaderValues> all;
  if (isNull(lua, index)) return all;
  if (!lua_istable(lua, index)) luaL_error(lua, "multivalue_headers is no table");
  const int count = static_cast<int>(lua_objlen(lua, index));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(lua, index, i);
    if (!lua_istable(lua, -1)) luaL_error(lua, "multivalue_headers has an entry that is no table");
    Fields fields(lua, lua_gettop(lua));
    all.push_back({fields.text("key").value_or(""), fields.list("values")});
    lua_pop(lua, 1);
  }
  return all;
}

std::vector<coprocess::HeaderValues> valuesOf(const std::vector<coprocess::ViewPair>& fields) {
  std::vector<coprocess::HeaderValues> all;
  for (const auto& [name, value] : fields) {
    const auto found = std::find_if(
        all.begin(), all.end(), [name = name](const auto& known) { return known.name == name; });
    if (found != all.end()) {
      found->values.emplace_back(value);
    } else {
      all.push_back({std::string(name), {std::string(value)}});
    }
  }
  return all;
}

bool differs(const std::vector<coprocess::Pair>& left,
             const std::vector<coprocess::HeaderValues>& sent) {
  if (left.size() != sent.size()) return true;
  return !std::all_of(left.begin(), left.end(), [&](const coprocess::Pair& pair) {
    return std::any_of(sent.begin(), sent.end(), [&](const coprocess::HeaderValues& known) {
      return known.name == pair.first && known.values.front() == pair.second;
    });
  });
}

}  // namespace

bool readRequest(lua_State* lua, int index, Call& call, coprocess::RequestReply& reply) {
  if (!lua_istable(lua, index)) return !reply.set_headers.empty() || !reply.delete_headers.empty();
  const bool own = call.owns(lua, index, kRequest);
  Fields fields(lua, index);
  bool changed = false;
  const auto seen = [&](RequestField field) { return !own || call.seen(field); };
  const auto take = [&](RequestField field, auto& to, auto&& read) {
    if (seen(field)) to = read(nameOf(field));
    changed = changed || !to.empty();
  };
  const auto asList = [&](const char* name) { return fields.list(name); };
  const auto asPairs = [&](const char* name) { return fields.pairs(name); };
  take(RequestField::kDeleteHeaders, reply.delete_headers, asList);
  take(RequestField::kSetHeaders, reply.set_headers, asPairs);
  take(RequestField::kDeleteParams, reply.delete_params, asList);
  take(RequestField::kAddParams, reply.add_params, asPairs);
  const auto changedText = [&](RequestField field, std::string_view shown,
                               std::optional<std::string>& to) {
    if (!seen(field)) return;
    auto text = fields.text(nameOf(field));
    if (!text || *text == shown) return;
    to = std::move(text);
    changed = true;
  };
  changedText(RequestField::kUrl, call.shownUrl(), reply.url);
  changedText(RequestField::kMethod, call.shownMethod(), reply.method);
  if (seen(RequestField::kReturnOverrides)) {
    if (fields.get(nameOf(RequestField::kReturnOverrides))) {
      reply.overrides = overridesOf(lua, lua_gettop(lua));
      changed = changed || reply.overrides.code > 0;
    }
    fields.drop();
  }
  // A table made from scratch that names no URL says nothing about the body either.
  const bool partial = !own && !fields.text("url") && !fields.text("raw_body");
  if (!call.bodyReplaced()) {
    const std::string_view original = coprocess::requestBody(call.exchange());
    const bool shown = !call.facts().raw_body_only && isUtf8(original);
    reply.raw_body = bodyOf(lua, fields, seen(RequestField::kRawBody) && !partial,
                            seen(RequestField::kBody), original, shown);
    changed = changed || reply.raw_body.has_value();
  }
  return changed;
}

bool readResponse(lua_State* lua, int index, Call& call, coprocess::ResponseReply& reply) {
  if (!lua_istable(lua, index)) return false;
  const bool own = call.owns(lua, index, kResponse);
  const auto seen = [&](ResponseField field) { return !own || call.seen(field); };
  Fields fields(lua, index);
  const http::Response& response = call.exchange().response();
  bool changed = false;
  if (seen(ResponseField::kStatusCode)) {
    reply.status = fields.integer("status_code");
    changed = reply.status != 0 && reply.status != response.status;
  }
  const auto sent = valuesOf(coprocess::responseFields(call.exchange()));
  reply.multivalue_headers = sent;
  if (seen(ResponseField::kMultivalueHeaders) && fields.get("multivalue_headers")) {
    reply.multivalue_headers = valuesAt(lua, lua_gettop(lua));
    changed = true;
    fields.drop();
  }
  if (seen(ResponseField::kHeaders)) {
    auto headers = fields.pairs("headers");
    if (differs(headers, sent)) {
      reply.headers = std::move(headers);
      changed = true;
    }
  }
  const std::string_view original =
      response.body() != nullptr ? std::string_view(*response.body()) : std::string_view{};
  const bool shown = !call.facts().raw_body_only && isUtf8(original);
  reply.raw_body = bodyOf(lua, fields, seen(ResponseField::kRawBody), seen(ResponseField::kBody),
                          original, shown);
  return changed || reply.raw_body.has_value();
}

void readSession(lua_State* lua, int session, int metadata, coprocess::RequestReply& reply) {
  const bool has_session = lua_istable(lua, session);
  if (lua_istable(lua, metadata)) reply.metadata = pairsAt(lua, metadata, "metadata");
  if (reply.session) return;  // tykpp.session.set came first
  if (!has_session && reply.metadata.empty()) return;
  nlohmann::json message = has_session ? toJson(lua, session) : nlohmann::json();
  if (!message.is_object()) message = nlohmann::json::object();
  if (const auto found = message.find("metadata"); found != message.end() && found->is_object()) {
    for (auto& value : *found) {
      if (!value.is_string())
        value = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }
  }
  reply.session = std::move(message);
}

}  // namespace tykpp::drivers::lua
