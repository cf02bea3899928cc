#include "drivers/js/impl/hook_call.hpp"

#include "base/log.hpp"
#include "drivers/js/impl/engine.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::size_t kMaxShownBytes = 200;

/// Pushes what the name stands for now.
void pushNamed(duk_context* ctx, const Target& target) {
  if (target.image.names[target.name] == nullptr) {
    duk_reference_error(ctx, "the function's name is no expression");
  }
  duk_push_heapptr(ctx, target.image.names[target.name]);
  duk_call(ctx, 0);
}

void pushSessionFor(duk_context* ctx, const Target& target, const http::Exchange& exchange) {
  if (target.with_session) {
    pushSession(ctx, exchange);
  } else {
    duk_push_heapptr(ctx, target.image.session);
  }
}

/// What core functions would have logged and returned: nothing comes of it.
void demandResult(duk_context* ctx, const char* complaint) {
  duk_dup(ctx, -1);
  const bool something = duk_to_boolean(ctx, -1) != 0;
  duk_pop(ctx);
  if (something) return;
  if (!Run::current()->quiet) TYKPP_LOG(info, "jsvm", "{}", complaint);
  duk_type_error(ctx, "%s", complaint);
}

/// Puts the value that the JSON text on top stands for in its place.
void decodeReturned(duk_context* ctx) {
  if (duk_is_string(ctx, -1) == 0) {
    duk_safe_to_string(ctx, -1);
    std::string shown = textAt(ctx, -1);
    if (shown.size() > kMaxShownBytes) shown.resize(kMaxShownBytes);
    duk_type_error(ctx, "Returned data: %s", shown.c_str());
  }
  duk_json_decode(ctx, -1);
}

/// Pushes the object's method and the object. @return whether the method is `known`
bool pushMethod(duk_context* ctx, const char* name, const void* known) {
  duk_get_prop_string(ctx, -1, name);
  const bool same = duk_get_heapptr(ctx, -1) == known;
  if (!same && duk_is_function(ctx, -1) == 0) duk_type_error(ctx, "it has no function %s", name);
  duk_dup(ctx, -2);
  return same;
}

}  // namespace

void callRequestHook(duk_context* ctx, const Target& target, http::Exchange& exchange,
                     RequestReply& out) {
  pushNamed(ctx, target);
  const bool own = pushMethod(ctx, "DoProcessRequest", target.image.do_request);
  if (own) {  // what it would do, without JSON and base64 in between
    duk_pop_2(ctx);
    duk_get_prop_literal(ctx, -1, "ProcessRequest");
    duk_dup(ctx, -2);
  }
  pushRequest(ctx, target.image, exchange, !own);
  pushSessionFor(ctx, target, exchange);
  duk_push_heapptr(ctx, target.image.config);
  duk_call_method(ctx, 3);
  Run::current()->decoding = true;
  if (own) {
    demandResult(ctx, "Middleware didn't return request object!");
  } else {
    decodeReturned(ctx);
  }
  readRequestReply(ctx, {!own, target.with_session, target.makes_session}, out);
}

void callResponseHook(duk_context* ctx, const Target& target, http::Exchange& exchange,
                      ResponseReply& out) {
  pushNamed(ctx, target);
  const bool own = pushMethod(ctx, "DoProcessResponse", target.image.do_response);
  if (own) {
    duk_pop_2(ctx);
    duk_get_prop_literal(ctx, -1, "ProcessResponse");
    duk_dup(ctx, -2);
  }
  pushResponse(ctx, target.image, exchange);
  pushRequestOfResponse(ctx, target.image, exchange);
  if (exchange.session != nullptr) {
    pushSession(ctx, exchange);
  } else {
    duk_push_heapptr(ctx, target.image.session);
  }
  duk_push_heapptr(ctx, target.image.config);
  duk_call_method(ctx, 4);
  Run::current()->decoding = true;
  if (own) {
    demandResult(ctx, "Middleware didn't return response object!");
  } else {
    decodeReturned(ctx);
  }
  readResponseReply(ctx, out);
}

void callVirtualEndpoint(duk_context* ctx, const Target& target, http::Exchange& exchange,
                         VirtualReply& out) {
  pushNamed(ctx, target);
  pushVirtualRequest(ctx, target.image, exchange);
  pushSessionFor(ctx, target, exchange);
  duk_push_heapptr(ctx, target.image.config);
  duk_call(ctx, 3);
  Run::current()->decoding = true;
  decodeReturned(ctx);
  readVirtualReply(ctx, out);
}

}  // namespace tykpp::drivers::js
