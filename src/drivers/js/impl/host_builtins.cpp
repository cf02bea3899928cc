// What the reference's JavaScript has beyond the engine's: some functions of ES2015 and `console`.

#include <cmath>
#include <ctime>
#include <string_view>

#include "drivers/js/impl/engine.hpp"
#include "drivers/js/impl/output.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::size_t kMaxLineBytes = 64 * 1024;

/// The library's is off by one bit for some cubes of whole numbers.
double cubeRoot(double x) {
  const double root = std::cbrt(x);
  const double whole = std::nearbyint(root);
  return whole * whole * whole == x ? whole : root;
}

using Function = double (*)(double);
constexpr struct {
  const char* name;
  Function function;
} kMath[] = {{"acosh", [](double x) { return std::acosh(x); }},
             {"asinh", [](double x) { return std::asinh(x); }},
             {"atanh", [](double x) { return std::atanh(x); }},
             {"cbrt", &cubeRoot},
             {"cosh", [](double x) { return std::cosh(x); }},
             {"expm1", [](double x) { return std::expm1(x); }},
             {"log10", [](double x) { return std::log10(x); }},
             {"log1p", [](double x) { return std::log1p(x); }},
             {"log2", [](double x) { return std::log2(x); }},
             {"sinh", [](double x) { return std::sinh(x); }},
             {"tanh", [](double x) { return std::tanh(x); }},
             {"trunc", [](double x) { return std::trunc(x); }}};

duk_ret_t jsMath(duk_context* ctx) {
  const double x = duk_to_number(ctx, 0);
  duk_push_number(ctx, kMath[duk_get_current_magic(ctx)].function(x));
  return 1;
}

/// Makes a function a property of the object on top, as built-in ones are.
void define(duk_context* ctx, const char* name, duk_c_function function, int arguments,
            int magic = 0) {
  duk_push_string(ctx, name);
  duk_push_c_lightfunc(ctx, function, arguments, arguments, magic);
  duk_def_prop(ctx, -3,
               DUK_DEFPROP_HAVE_VALUE | DUK_DEFPROP_SET_WRITABLE | DUK_DEFPROP_CLEAR_ENUMERABLE |
                   DUK_DEFPROP_SET_CONFIGURABLE);
}

/// Adds what the object on top does not have yet.
void addMissing(duk_context* ctx, const char* name, duk_c_function function, int arguments,
                int magic = 0) {
  if (duk_has_prop_string(ctx, -1, name) == 0) define(ctx, name, function, arguments, magic);
}

constexpr struct {
  const char* name;
  const char* format;
  bool utc;
} kDates[] = {{"toString", "%a, %d %b %Y %H:%M:%S %Z", false},
              {"toDateString", "%a, %d %b %Y", false},
              {"toTimeString", "%H:%M:%S %Z", false},
              {"toUTCString", "%a, %d %b %Y %H:%M:%S GMT", true},
              {"toGMTString", "%a, %d %b %Y %H:%M:%S GMT", true}};

/// Dates as the reference writes them.
duk_ret_t jsDateText(duk_context* ctx) {
  duk_push_this(ctx);
  duk_push_string(ctx, "getTime");
  duk_call_prop(ctx, -2, 0);
  const double milliseconds = duk_to_number(ctx, -1);
  const auto& form = kDates[duk_get_current_magic(ctx)];
  char text[64];
  std::tm parts{};
  const auto seconds = static_cast<std::time_t>(std::floor(milliseconds / 1000));
  if (!std::isfinite(milliseconds) ||
      (form.utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) == nullptr) {
    duk_push_string(ctx, "Invalid Date");
    return 1;
  }
  const std::size_t size = std::strftime(text, sizeof text, form.format, &parts);
  duk_push_lstring(ctx, text, size);
  return 1;
}

enum TrimSide : int { kLeft = 1, kRight = 2 };

/// White space and line ends of ES5, as the engine encodes them. @return its length, 0 when it is
/// none
std::size_t spaceAt(std::string_view text) {
  const char c = text.front();
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  if (text.starts_with("\u00a0")) return 2;
  constexpr std::string_view kWide[] = {"\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
                                        "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a",
                                        "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff"};
  for (const std::string_view wide : kWide) {
    if (text.starts_with(wide)) return 3;
  }
  return 0;
}

duk_ret_t jsTrim(duk_context* ctx) {
  duk_push_this(ctx);
  if (duk_is_null_or_undefined(ctx, -1)) return DUK_RET_TYPE_ERROR;
  duk_size_t size = 0;
  const char* data = duk_to_lstring(ctx, -1, &size);
  std::string_view text(data, size);
  if (duk_get_current_magic(ctx) == kLeft) {
    while (!text.empty()) {
      const std::size_t space = spaceAt(text);
      if (space == 0) break;
      text.remove_prefix(space);
    }
  } else {
    while (!text.empty()) {
      std::size_t last = 1;  // bytes of the last unit
      while (last < 3 && last < text.size() &&
             (static_cast<unsigned char>(text[text.size() - last]) & 0xc0) == 0x80) {
        ++last;
      }
      if (spaceAt(text.substr(text.size() - last)) != last) break;
      text.remove_suffix(last);
    }
  }
  duk_push_lstring(ctx, text.data(), text.size());
  return 1;
}

duk_ret_t jsValues(duk_context* ctx) {
  duk_to_object(ctx, 0);
  duk_push_array(ctx);
  duk_enum(ctx, 0, DUK_ENUM_OWN_PROPERTIES_ONLY);
  for (duk_uarridx_t i = 0; duk_next(ctx, -1, 0) != 0; ++i) {
    duk_get_prop(ctx, 0);
    duk_put_prop_index(ctx, 1, i);
  }
  duk_pop(ctx);
  return 1;
}

/// The arguments with spaces between them, as a line of the standard output.
duk_ret_t jsConsole(duk_context* ctx) {
  std::string line;
  const duk_idx_t count = duk_get_top(ctx);
  for (duk_idx_t i = 0; i < count && line.size() < kMaxLineBytes; ++i) {
    if (i > 0) line += ' ';
    line += stringified(ctx, i);
  }
  line += '\n';
  Run* run = Run::current();
  if (!run->quiet) run->host->output->write(OutputPump::To::kStdout, std::move(line));
  return 0;
}

duk_ret_t jsNothing(duk_context* /*ctx*/) { return 0; }

void addConsole(duk_context* ctx) {
  duk_push_object(ctx);
  for (const char* name : {"log", "debug", "info", "error", "warn"}) {
    addFunction(ctx, name, &jsConsole, DUK_VARARGS);
  }
  for (const char* name : {"dir", "time", "timeEnd", "trace", "assert"}) {
    addFunction(ctx, name, &jsNothing, DUK_VARARGS);
  }
  duk_put_prop_string(ctx, -2, "console");
}

/// What ES5 does not know, and what would reach into the engine.
constexpr const char* kRemoved[] = {
    "Duktape",     "Proxy",        "Reflect",           "CBOR",        "ArrayBuffer", "DataView",
    "Int8Array",   "Uint8Array",   "Uint8ClampedArray", "Int16Array",  "Uint16Array", "Int32Array",
    "Uint32Array", "Float32Array", "Float64Array",      "TextEncoder", "TextDecoder", "performance",
    "Symbol",      "Promise"};

constexpr std::string_view kCompile = R"js(
Object.defineProperty(RegExp.prototype, "compile", { value: function (source, flags) {
  return new RegExp(source, flags);
}, writable: true, configurable: true });
)js";

}  // namespace

void addBuiltins(duk_context* ctx) {
  duk_push_global_object(ctx);
  for (const char* name : kRemoved) duk_del_prop_string(ctx, -1, name);
  addConsole(ctx);
  duk_get_prop_string(ctx, -1, "Math");
  int magic = 0;
  for (const auto& entry : kMath) define(ctx, entry.name, &jsMath, 1, magic++);
  duk_pop(ctx);
  duk_get_prop_string(ctx, -1, "Date");
  duk_get_prop_string(ctx, -1, "prototype");
  magic = 0;
  for (const auto& entry : kDates) define(ctx, entry.name, &jsDateText, 0, magic++);
  duk_pop_2(ctx);
  duk_get_prop_string(ctx, -1, "Object");
  addMissing(ctx, "values", &jsValues, 1);
  // Not of ES5; without it a header or parameter of that name is one like others.
  duk_get_prop_string(ctx, -1, "prototype");
  duk_del_prop_string(ctx, -1, "__proto__");
  duk_pop_2(ctx);
  duk_get_prop_string(ctx, -1, "String");
  duk_get_prop_string(ctx, -1, "prototype");
  for (const char* name : {"trimLeft", "trimStart"}) addMissing(ctx, name, &jsTrim, 0, kLeft);
  for (const char* name : {"trimRight", "trimEnd"}) addMissing(ctx, name, &jsTrim, 0, kRight);
  duk_pop_3(ctx);
  duk_push_lstring(ctx, kCompile.data(), kCompile.size());
  duk_eval_noresult(ctx);
}

}  // namespace tykpp::drivers::js
