#include "drivers/js/impl/engine.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "drivers/js/impl/text.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::size_t kMaxErrorText = 4096;

/// The traceback in one line, without the engine's own functions.
std::string withoutInsides(std::string_view trace) {
  std::string out;
  while (!trace.empty()) {
    const std::size_t end = std::min(trace.find("\n    at "), trace.size());
    std::string_view part = trace.substr(0, end);
    trace.remove_prefix(std::min(trace.size(), end + 5));
    const bool inside = part.find("(duk_") != part.npos || part.find(".cpp:") != part.npos;
    if (part.starts_with("at ") && (inside || part.starts_with("at light_"))) continue;
    for (const std::string_view note : {" preventsyield", " internal"}) {
      if (part.ends_with(note)) part.remove_suffix(note.size());
    }
    if (!out.empty()) out += ' ';
    out += part;
  }
  return out;
}

[[noreturn]] void onFatal(void* /*udata*/, const char* message) {
  tykppDukEnd(message != nullptr ? message : "fatal error");
}

}  // namespace

void pushText(duk_context* ctx, std::string_view bytes) {
  if (isAscii(bytes)) [[likely]] {
    duk_push_lstring(ctx, bytes.data(), bytes.size());
    return;
  }
  const std::string text = toEngine(bytes);
  duk_push_lstring(ctx, text.data(), text.size());
}

std::string textAt(duk_context* ctx, duk_idx_t index) {
  duk_size_t size = 0;
  const char* data = duk_get_lstring(ctx, index, &size);
  const std::string_view text(data == nullptr ? "" : data, size);
  return isAscii(text) ? std::string(text) : fromEngine(text);
}

std::string stringified(duk_context* ctx, duk_idx_t index) {
  duk_dup(ctx, index);
  duk_to_string(ctx, -1);
  std::string text = textAt(ctx, -1);
  duk_pop(ctx);
  return text;
}

std::string describeError(duk_context* ctx, duk_idx_t index) {
  duk_dup(ctx, index);
  std::string text = withoutInsides(duk_safe_to_stacktrace(ctx, -1));
  duk_pop(ctx);
  if (text.size() > kMaxErrorText) text.resize(kMaxErrorText);
  text = fromEngine(text);
  return text.empty() ? "error without a text" : text;
}

duk_context* createEngine(HeapArena& arena) {
  try {
    return duk_create_heap(&allocateForHeap, &reallocateForHeap, &releaseForHeap, &arena, &onFatal);
  } catch (const std::exception&) {
    return nullptr;
  }
}

void addFunction(duk_context* ctx, const char* name, duk_c_function function, int arguments,
                 int magic) {
  duk_push_c_lightfunc(ctx, function, arguments, arguments == DUK_VARARGS ? 0 : arguments, magic);
  duk_put_prop_string(ctx, -2, name);
}

}  // namespace tykpp::drivers::js
