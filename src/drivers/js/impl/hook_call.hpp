#pragma once
// One call of a script's function: its arguments made, its result read. Nothing of the exchange is
// changed here. For use inside protectedCall().

#include "definition/api_spec.hpp"
#include "drivers/js/impl/program.hpp"
#include "drivers/js/impl/reply.hpp"
#include "http/exchange.hpp"

namespace tykpp::drivers::js {

/// Which function of a program is called, and with what.
struct Target {
  const ProgramImage& image;
  std::size_t name;  ///< index into Program::names
  bool with_session;
  bool makes_session = false;  ///< the auth hook
};

void callRequestHook(duk_context* ctx, const Target& target, http::Exchange& exchange,
                     RequestReply& out);
void callResponseHook(duk_context* ctx, const Target& target, http::Exchange& exchange,
                      ResponseReply& out);
void callVirtualEndpoint(duk_context* ctx, const Target& target, http::Exchange& exchange,
                         VirtualReply& out);

// Arguments, each pushed.
void pushRequest(duk_context* ctx, const ProgramImage& image, http::Exchange& exchange,
                 bool encoded);
void pushResponse(duk_context* ctx, const ProgramImage& image, http::Exchange& exchange);
void pushRequestOfResponse(duk_context* ctx, const ProgramImage& image, http::Exchange& exchange);
void pushVirtualRequest(duk_context* ctx, const ProgramImage& image, http::Exchange& exchange);
/// The request's session without its zero values; null when it has none.
void pushSession(duk_context* ctx, const http::Exchange& exchange);

}  // namespace tykpp::drivers::js
