// What functions of scripts are called with.

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "drivers/coprocess/message.hpp"
#include "drivers/js/impl/engine.hpp"
#include "drivers/js/impl/hook_call.hpp"
#include "drivers/js/impl/text.hpp"
#include "drivers/message_edit.hpp"
#include "http/header_name.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::js {
namespace {

using Json = nlohmann::json;

/// Appends a value to the list of that name in the object on top.
void appendTo(duk_context* ctx, std::string_view name, std::string_view value) {
  if (isAscii(name)) [[likely]] {
    duk_push_lstring(ctx, name.data(), name.size());
  } else {
    pushText(ctx, name);
  }
  duk_dup(ctx, -1);
  duk_get_prop(ctx, -3);  // object name list
  if (duk_is_array(ctx, -1) == 0) {
    duk_pop(ctx);
    duk_push_array(ctx);
    pushText(ctx, value);
    duk_put_prop_index(ctx, -2, 0);
    duk_put_prop(ctx, -3);
    return;
  }
  pushText(ctx, value);
  duk_put_prop_index(ctx, -2, static_cast<duk_uarridx_t>(duk_get_length(ctx, -2)));
  duk_pop_2(ctx);
}

void appendHeader(duk_context* ctx, const http::HeaderField& field) {
  if (field.id != http::HeaderId::kOther) {
    appendTo(ctx, http::headerText(field.id), field.value);
    return;
  }
  constexpr std::size_t kUsual = 128;
  char usual[kUsual];
  if (field.name.size() <= kUsual) {
    field.name.copy(usual, kUsual);
    http::canonicalise(usual, field.name.size());
    appendTo(ctx, {usual, field.name.size()}, field.value);
    return;
  }
  std::string own(field.name);
  http::canonicalise(own.data(), own.size());
  appendTo(ctx, own, field.value);
}

void pushHeaders(duk_context* ctx, const http::Headers& headers, std::string_view host) {
  duk_push_object(ctx);
  for (const http::HeaderField& field : headers) {
    if (field.id != http::HeaderId::kHost) appendHeader(ctx, field);
  }
  if (!host.empty()) appendTo(ctx, "Host", host);
}

/// Adds the parameters of a query or of a form to the object on top.
void appendParameters(duk_context* ctx, std::string_view text) {
  forEachFormPair(text, [ctx](std::string_view name, std::string_view value) {
    if (name.find_first_of("%+") == std::string_view::npos &&
        value.find_first_of("%+") == std::string_view::npos) {
      appendTo(ctx, name, value);
    } else {
      appendTo(ctx, formDecode(name), formDecode(value));
    }
  });
}

bool hasForm(const http::Request& request) {
  const std::string_view type = request.headers.get(http::HeaderId::kContentType);
  const bool writes =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  return writes && equalsIgnoreCase(trim(type.substr(0, type.find(';'))),
                                    "application/x-www-form-urlencoded");
}

bool isZero(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.empty();
}

void put(duk_context* ctx, const char* name, std::string_view value) {
  pushText(ctx, value);
  duk_put_prop_string(ctx, -2, name);
}

/// What every hook is told of the request, into the object on top.
void putAddress(duk_context* ctx, http::Exchange& exchange) {
  put(ctx, "URL", requestUrl(exchange));
  put(ctx, "Scheme", coprocess::requestScheme(exchange));
}

void putRequest(duk_context* ctx, http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  pushHeaders(ctx, request.headers, request.host);
  duk_put_prop_literal(ctx, -2, "Headers");
  if (!request.query.empty()) {
    duk_get_prop_literal(ctx, -1, "Params");
    appendParameters(ctx, request.query);
    duk_pop(ctx);
  }
  putAddress(ctx, exchange);
  put(ctx, "Method", request.method);
  put(ctx, "RequestURI", exchange.request().received_target);
}

}  // namespace

void pushRequest(duk_context* ctx, const ProgramImage& image, http::Exchange& exchange,
                 bool encoded) {
  duk_push_heapptr(ctx, image.request);
  putRequest(ctx, exchange);
  const std::string_view body = coprocess::requestBody(exchange);
  if (encoded) {
    put(ctx, "Body", encodeBase64(body));
  } else if (!body.empty()) {
    put(ctx, "Body", body);
  }
}

void pushResponse(duk_context* ctx, const ProgramImage& image, http::Exchange& exchange) {
  const http::Response& response = exchange.response();
  duk_push_heapptr(ctx, image.response);
  duk_push_int(ctx, response.status);
  duk_put_prop_literal(ctx, -2, "StatusCode");
  if (response.body() != nullptr) put(ctx, "Body", *response.body());
  pushHeaders(ctx, response.headers, {});
  duk_put_prop_literal(ctx, -2, "Headers");
}

void pushRequestOfResponse(duk_context* ctx, const ProgramImage& image, http::Exchange& exchange) {
  duk_push_heapptr(ctx, image.request);
  putRequest(ctx, exchange);
  duk_push_null(ctx);
  duk_put_prop_literal(ctx, -2, "Body");
}

void pushVirtualRequest(duk_context* ctx, const ProgramImage& image, http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  duk_push_heapptr(ctx, image.virtual_request);
  pushHeaders(ctx, request.headers, {});
  duk_put_prop_literal(ctx, -2, "Headers");
  const std::string_view body = coprocess::requestBody(exchange);
  put(ctx, "Body", body);
  duk_push_object(ctx);
  if (hasForm(request)) appendParameters(ctx, body);
  appendParameters(ctx, request.query);
  duk_put_prop_literal(ctx, -2, "Params");
  putAddress(ctx, exchange);
}

void pushSession(duk_context* ctx, const http::Exchange& exchange) {
  if (exchange.session == nullptr) {
    duk_push_null(ctx);
    return;
  }
  Json session = Json::parse(exchange.session->json(), nullptr, false);
  if (!session.is_object()) session = Json::object();
  for (auto field = session.begin(); field != session.end();) {
    field = isZero(*field) ? session.erase(field) : std::next(field);
  }
  pushText(ctx, session.dump(-1, ' ', false, Json::error_handler_t::replace));
  duk_json_decode(ctx, -1);
}

}  // namespace tykpp::drivers::js
