#pragma once
// Reading what scripts return, value by value, by the rules of the reference's decoder: names
// without regard to case, unknown names passed over, null leaves things as they are, and a wrong
// type is an error. Values that JSON would turn into something else (dates, `toJSON`) go through
// it. Every function throws the script's TypeError on a wrong type: for use inside protectedCall().

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "drivers/js/impl/engine.hpp"

namespace tykpp::drivers::js {

using Pair = std::pair<std::string, std::string>;
using ListPair = std::pair<std::string, std::vector<std::string>>;

/// True when the value at `index` counts as absent: undefined, null, a function.
bool isAbsent(duk_context* ctx, duk_idx_t index);
/// Leaves objects that have a JSON form of their own as that form. @return false when the value is
/// no object then
bool asObject(duk_context* ctx, duk_idx_t index, const char* what);

/// Calls `visit(name)` for each own property of the object at `index`, with its value on top and
/// its name below.
template <class Visit>
void forEachProperty(duk_context* ctx, duk_idx_t index, Visit&& visit) {
  index = duk_normalize_index(ctx, index);
  const auto tell = [&] {
    duk_size_t size = 0;
    const char* name = duk_get_lstring(ctx, -2, &size);
    visit(std::string_view(name, size));
    duk_pop_2(ctx);
  };
  void* object = duk_get_heapptr(ctx, index);
  TykppDukEntry step = TykppDukEntry::kSkip;
  for (unsigned int entry = 0;; ++entry) {
    step = tykppDukEntryAt(ctx, object, entry);
    if (step == TykppDukEntry::kPushed) tell();
    // An object that becomes special half way, by what reading it calls, ends there.
    if (step == TykppDukEntry::kEnd || (step == TykppDukEntry::kNotPlain && entry > 0)) return;
    if (step == TykppDukEntry::kNotPlain) break;
  }
  duk_enum(ctx, index, DUK_ENUM_OWN_PROPERTIES_ONLY);
  while (duk_next(ctx, -1, 1) != 0) tell();
  duk_pop(ctx);
}

// The value on top of the stack; it stays there.
void readText(duk_context* ctx, const char* what, std::string& out);
void readNumber(duk_context* ctx, const char* what, std::int64_t& out);
void readFlag(duk_context* ctx, const char* what, bool& out);
/// Name to text. `lists`: a list of texts gives several pairs of the name (ours: several values of
/// a header).
void readTextMap(duk_context* ctx, const char* what, bool lists, std::vector<Pair>& out);
void readTextList(duk_context* ctx, const char* what, std::vector<std::string>& out);
void readListMap(duk_context* ctx, const char* what, std::vector<ListPair>& out);
/// The value as JSON text in UTF-8, empty when it has none (undefined, a function).
std::string jsonOf(duk_context* ctx);

}  // namespace tykpp::drivers::js
