#pragma once
// Small helpers over the engine's C interface.

#include <duktape.h>

#include <string>
#include <string_view>
#include <utility>

#include "drivers/js/impl/run.hpp"

namespace tykpp::drivers::js {

/// Pushes bytes as a string of the script's.
void pushText(duk_context* ctx, std::string_view bytes);
/// The string at `index` as bytes. Must be a string.
std::string textAt(duk_context* ctx, duk_idx_t index);
/// Any value as a string, as `String(value)`, as bytes. @throws the script's error
std::string stringified(duk_context* ctx, duk_idx_t index);
/// What an error value says, with its traceback when there is one. Never fails; pops nothing.
std::string describeError(duk_context* ctx, duk_idx_t index);

/// Runs `body(ctx)` with errors of scripts caught, for functions that scripts call. The stack of
/// values looks to `body` as to its caller. @return empty, or what went wrong
template <class Body>
std::string protectedRead(duk_context* ctx, Body& body) {
  struct Thunk {
    static duk_ret_t call(duk_context* inner, void* data) {
      (*static_cast<Body*>(data))(inner);
      return 0;
    }
  };
  std::string problem;
  if (duk_safe_call(ctx, &Thunk::call, &body, 0, 1) != DUK_EXEC_SUCCESS) {
    problem = describeError(ctx, -1);
  }
  duk_pop(ctx);
  return problem;
}

/// The same from outside: a script that was ended (Run::ended) is an error like others.
template <class Body>
std::string protectedCall(duk_context* ctx, Body& body) {
  try {
    return protectedRead(ctx, body);
  } catch (const std::exception& error) {
    // The engine is in no state to go on; its heap is thrown away.
    return error.what();
  }
}

/// Makes a heap in that arena. Null when there is no room.
duk_context* createEngine(HeapArena& arena);

// What scripts find in their global object; see the files host_*.cpp.

/// Additions to ES5 and `console`.
void addBuiltins(duk_context* ctx);
/// `log`, `rawlog`, `b64enc` …, `TykMakeHttpRequest` …, `TykGetKeyData` …
void addApiFunctions(duk_context* ctx);
void addHttpFunctions(duk_context* ctx);
void addKeyFunctions(duk_context* ctx);
/// A function without an object of its own, as a property of the object on top.
void addFunction(duk_context* ctx, const char* name, duk_c_function function, int arguments,
                 int magic = 0);

}  // namespace tykpp::drivers::js
