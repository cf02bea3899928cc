#include "events/impl/template_functions.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/utc_time.hpp"

namespace tykpp::events {
namespace {

using Arguments = std::vector<Json>;
constexpr std::size_t kMany = 64;

Error wrong(std::string why) { return Error(Errc::kBadConfig, std::move(why)); }

/// -1, 0 or 1 for two numbers or two texts; anything else does not compare.
std::optional<int> compare(const Json& a, const Json& b) {
  const auto sign = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
  if (a.is_number_integer() && b.is_number_integer())
    return sign(a.get<std::int64_t>(), b.get<std::int64_t>());
  if (a.is_number() && b.is_number()) return sign(a.get<double>(), b.get<double>());
  if (a.is_string() && b.is_string())
    return sign(a.get_ref<const std::string&>(), b.get_ref<const std::string&>());
  return std::nullopt;
}

/// The first argument equals one of the others.
Result<Json> equal(const Arguments& args) {
  return Json(std::any_of(args.begin() + 1, args.end(), [&](const Json& other) {
    const auto order = compare(args[0], other);
    return order ? *order == 0 : args[0] == other;
  }));
}

Result<Json> notEqual(const Arguments& args) {
  auto same = equal(args);
  return Json(!same->get<bool>());
}

template <bool (*kHolds)(int)>
Result<Json> ordered(const Arguments& args) {
  const auto order = compare(args[0], args[1]);
  if (!order) return wrong("only two numbers or two texts can be compared");
  return Json(kHolds(*order));
}

Result<Json> both(const Arguments& args) {
  for (const Json& value : args) {
    if (!isTrue(value)) return value;
  }
  return args.back();
}

Result<Json> either(const Arguments& args) {
  for (const Json& value : args) {
    if (isTrue(value)) return value;
  }
  return args.back();
}

Result<Json> negated(const Arguments& args) { return Json(!isTrue(args[0])); }

Result<Json> length(const Arguments& args) {
  if (args[0].is_string()) return Json(args[0].get_ref<const std::string&>().size());
  if (args[0].is_structured()) return Json(args[0].size());
  return wrong("len wants a text, a list or an object");
}

Result<Json> indexed(const Arguments& args) {
  const Json* at = &args[0];
  for (std::size_t i = 1; i < args.size(); ++i) {
    if (at->is_object() && args[i].is_string()) {
      const auto found = at->find(args[i].get_ref<const std::string&>());
      if (found == at->end()) return Json();
      at = &*found;
    } else if (at->is_array() && args[i].is_number_integer()) {
      const auto place = args[i].get<std::int64_t>();
      if (place < 0 || static_cast<std::size_t>(place) >= at->size())
        return wrong("index is out of range");
      at = &(*at)[static_cast<std::size_t>(place)];
    } else {
      return wrong("index wants an object and a text, or a list and a number");
    }
  }
  return *at;
}

std::string joined(const Arguments& args, bool always_space) {
  std::string out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const bool text = args[i].is_string() || (i > 0 && args[i - 1].is_string());
    if (i > 0 && (always_space || !text)) out += ' ';
    out += textOf(args[i]);
  }
  return out;
}

Result<Json> print(const Arguments& args) { return Json(joined(args, false)); }
Result<Json> printLine(const Arguments& args) { return Json(joined(args, true) + "\n"); }

/// The verbs without width: %s %v %d %t %q %%.
Result<Json> format(const Arguments& args) {
  if (!args[0].is_string()) return wrong("printf wants a format first");
  const std::string& pattern = args[0].get_ref<const std::string&>();
  std::string out;
  std::size_t next = 1;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    const char verb = ++i < pattern.size() ? pattern[i] : '\0';
    if (verb == '%') {
      out += '%';
    } else if (std::string_view("svdtq").find(verb) == std::string_view::npos || verb == '\0') {
      return wrong("printf knows %s, %v, %d, %t, %q and %%");
    } else if (next >= args.size()) {
      return wrong("printf has fewer values than verbs");
    } else {
      const std::string value = textOf(args[next++]);
      out += verb == 'q' ? Json(value).dump(-1, ' ', false, Json::error_handler_t::replace) : value;
    }
  }
  return Json(std::move(out));
}

Result<Json> html(const Arguments& args) {
  std::string out;
  appendHtml(out, joined(args, false));
  return Json(std::move(out));
}

void appendEncoded(std::string& out, char c, const char* form) {
  char text[8];
  std::snprintf(text, sizeof text, form, static_cast<unsigned>(static_cast<unsigned char>(c)));
  out += text;
}

Result<Json> scriptText(const Arguments& args) {
  std::string out;
  for (const char c : joined(args, false)) {
    if (c == '\\' || c == '\'' || c == '"') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&' ||
               c == '=') {
      appendEncoded(out, c, "\\u%04X");
    } else {
      out += c;
    }
  }
  return Json(std::move(out));
}

Result<Json> queryText(const Arguments& args) {
  constexpr std::string_view kPlain = "-_.~";
  std::string out;
  for (const char c : joined(args, false)) {
    const char lower = static_cast<char>(c | 0x20);
    if ((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') ||
        kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      appendEncoded(out, c, "%%%02X");
    }
  }
  return Json(std::move(out));
}

/// Unix seconds as RFC 3339; a text is one already, or is made one as far as it looks like a date.
Result<Json> asDate(const Arguments& args) {
  if (!args[0].is_number_integer()) return Json(textOf(args[0]));
  return Json(utcTimeText(args[0].get<std::int64_t>()));
}

/// `2026-01-02 15:04:05.123 +0100 CET`, as messages have it, in RFC 3339's form.
Result<Json> dateFromText(const Arguments& args) {
  const std::string given = textOf(args[0]);
  if (given.size() < 25 || given[10] != ' ') return Json(given);
  const std::size_t zone = given.find(' ', 11);
  if (zone == std::string::npos || given.size() < zone + 6) return Json(given);
  const std::string time = given.substr(11, std::min<std::size_t>(8, zone - 11));
  const std::string offset = given.substr(zone + 1, 5);
  const std::string shown =
      offset == "+0000" ? std::string("Z") : offset.substr(0, 3) + ":" + offset.substr(3);
  return Json(given.substr(0, 10) + "T" + time + shown);
}

constexpr bool below(int order) { return order < 0; }
constexpr bool notAbove(int order) { return order <= 0; }
constexpr bool above(int order) { return order > 0; }
constexpr bool notBelow(int order) { return order >= 0; }

constexpr std::array<Function, 19> kFunctions{{
    {"and", 1, kMany, false, &both},
    {"as_rfc3339", 1, 1, false, &asDate},
    {"as_rfc3339_from_string", 1, 1, false, &dateFromText},
    {"eq", 2, kMany, false, &equal},
    {"ge", 2, 2, false, &ordered<&notBelow>},
    {"gt", 2, 2, false, &ordered<&above>},
    {"html", 1, kMany, true, &html},
    {"index", 2, kMany, false, &indexed},
    {"js", 1, kMany, false, &scriptText},
    {"le", 2, 2, false, &ordered<&notAbove>},
    {"len", 1, 1, false, &length},
    {"lt", 2, 2, false, &ordered<&below>},
    {"ne", 2, 2, false, &notEqual},
    {"not", 1, 1, false, &negated},
    {"or", 1, kMany, false, &either},
    {"print", 0, kMany, false, &print},
    {"printf", 1, kMany, false, &format},
    {"println", 0, kMany, false, &printLine},
    {"urlquery", 1, kMany, false, &queryText},
}};

}  // namespace

const Function* findFunction(std::string_view name) {
  const auto* found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                   [name](const Function& f) { return f.name == name; });
  return found == kFunctions.end() ? nullptr : found;
}

bool isTrue(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return value.get<bool>();
    case Json::value_t::string:
      return !value.get_ref<const std::string&>().empty();
    case Json::value_t::array:
    case Json::value_t::object:
      return !value.empty();
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return value.get<double>() != 0;
    default:
      return false;
  }
}

std::string textOf(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tykpp::events
