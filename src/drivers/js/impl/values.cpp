#include "drivers/js/impl/values.hpp"

#include <cmath>

#include "drivers/js/impl/text.hpp"

namespace tykpp::drivers::js {
namespace {

[[noreturn]] void wrongType(duk_context* ctx, const char* what, const char* wanted) {
  duk_type_error(ctx, "%s has to be %s", what, wanted);
  __builtin_unreachable();  // the engine's declaration does not say that it throws
}

/// Makes of an object on top what JSON makes of it: a boxed string a string, a date its text.
void throughJson(duk_context* ctx) {
  duk_json_encode(ctx, -1);
  if (duk_is_undefined(ctx, -1) == 0) duk_json_decode(ctx, -1);
}

std::string textOrThrow(duk_context* ctx, const char* what) {
  if (duk_is_string(ctx, -1) != 0) [[likely]]
    return textAt(ctx, -1);
  std::string text;
  readText(ctx, what, text);
  return text;
}

}  // namespace

bool isAbsent(duk_context* ctx, duk_idx_t index) {
  return duk_is_null_or_undefined(ctx, index) != 0 || duk_is_function(ctx, index) != 0;
}

bool asObject(duk_context* ctx, duk_idx_t index, const char* what) {
  index = duk_normalize_index(ctx, index);
  if (isAbsent(ctx, index)) return false;
  if (duk_is_object(ctx, index) != 0 && duk_has_prop_string(ctx, index, "toJSON") != 0) {
    duk_dup(ctx, index);
    throughJson(ctx);
    duk_replace(ctx, index);
    if (isAbsent(ctx, index)) return false;
  }
  if (duk_is_object(ctx, index) == 0 || duk_is_array(ctx, index) != 0) {
    wrongType(ctx, what, "an object");
  }
  return true;
}

void readText(duk_context* ctx, const char* what, std::string& out) {
  if (duk_is_string(ctx, -1) != 0) [[likely]] {
    out = textAt(ctx, -1);
    return;
  }
  if (isAbsent(ctx, -1)) return;
  if (duk_is_object(ctx, -1) == 0) wrongType(ctx, what, "a string");
  duk_dup(ctx, -1);
  throughJson(ctx);
  if (duk_is_string(ctx, -1) == 0) wrongType(ctx, what, "a string");
  out = textAt(ctx, -1);
  duk_pop(ctx);
}

void readNumber(duk_context* ctx, const char* what, std::int64_t& out) {
  if (isAbsent(ctx, -1)) return;
  duk_dup(ctx, -1);
  if (duk_is_object(ctx, -1) != 0) throughJson(ctx);
  if (duk_is_number(ctx, -1) == 0) wrongType(ctx, what, "a whole number");
  const double number = duk_get_number(ctx, -1);
  duk_pop(ctx);
  if (!std::isfinite(number)) return;  // JSON has null for these
  if (number != std::floor(number) || std::fabs(number) > 9e15) {
    wrongType(ctx, what, "a whole number");
  }
  out = static_cast<std::int64_t>(number);
}

void readFlag(duk_context* ctx, const char* what, bool& out) {
  if (isAbsent(ctx, -1)) return;
  duk_dup(ctx, -1);
  if (duk_is_object(ctx, -1) != 0) throughJson(ctx);
  if (duk_is_boolean(ctx, -1) == 0) wrongType(ctx, what, "true or false");
  out = duk_get_boolean(ctx, -1) != 0;
  duk_pop(ctx);
}

void readTextMap(duk_context* ctx, const char* what, bool lists, std::vector<Pair>& out) {
  if (!asObject(ctx, -1, what)) return;
  forEachProperty(ctx, -1, [&](std::string_view) {
    if (duk_is_undefined(ctx, -1) != 0 || duk_is_function(ctx, -1) != 0) return;
    std::string name = textAt(ctx, -2);
    if (!lists || duk_is_array(ctx, -1) == 0) {
      out.emplace_back(std::move(name), textOrThrow(ctx, what));
      return;
    }
    std::vector<std::string> values;
    readTextList(ctx, what, values);
    for (std::string& value : values) out.emplace_back(name, std::move(value));
  });
}

void readTextList(duk_context* ctx, const char* what, std::vector<std::string>& out) {
  if (isAbsent(ctx, -1)) return;
  if (duk_is_array(ctx, -1) == 0) wrongType(ctx, what, "a list of strings");
  const duk_size_t size = duk_get_length(ctx, -1);
  for (duk_size_t i = 0; i < size; ++i) {
    duk_get_prop_index(ctx, -1, static_cast<duk_uarridx_t>(i));
    out.push_back(textOrThrow(ctx, what));
    duk_pop(ctx);
  }
}

void readListMap(duk_context* ctx, const char* what, std::vector<ListPair>& out) {
  if (!asObject(ctx, -1, what)) return;
  forEachProperty(ctx, -1, [&](std::string_view) {
    if (duk_is_undefined(ctx, -1) != 0 || duk_is_function(ctx, -1) != 0) return;
    ListPair entry(textAt(ctx, -2), {});
    readTextList(ctx, what, entry.second);
    out.push_back(std::move(entry));
  });
}

std::string jsonOf(duk_context* ctx) {
  duk_dup(ctx, -1);
  duk_json_encode(ctx, -1);
  std::string text;
  if (duk_is_string(ctx, -1) != 0) {
    duk_size_t size = 0;
    const char* data = duk_get_lstring(ctx, -1, &size);
    text = fromEngineAsUtf8({data, size});
  }
  duk_pop(ctx);
  return text;
}

}  // namespace tykpp::drivers::js
