#include "definition/impl/config_values.hpp"

#include <charconv>
#include <cmath>

#include "base/ascii.hpp"
#include "definition/readable_duration.hpp"

namespace tykpp::definition {
namespace {

/// The table as a tree of path segments.
struct KeyNode {
  std::map<std::string, KeyNode, std::less<>> children;
  const ConfigKey* key = nullptr;

  const KeyNode* find(std::string_view name) const {
    if (const auto exact = children.find(name); exact != children.end()) return &exact->second;
    for (const auto& [child, node] : children) {
      if (equalsIgnoreCase(child, name)) return &node;
    }
    return nullptr;
  }
};

const KeyNode& keyTree() {
  static const KeyNode root = [] {
    KeyNode tree;
    for (const ConfigKey& key : configKeys()) {
      if (key.env_only) continue;
      KeyNode* node = &tree;
      std::string_view path = key.path;
      while (true) {
        const std::size_t dot = path.find('.');
        node = &node->children[std::string(path.substr(0, dot))];
        if (dot == std::string_view::npos) break;
        path.remove_prefix(dot + 1);
      }
      node->key = &key;
    }
    return tree;
  }();
  return root;
}

bool allStrings(const Json& values) {
  for (const Json& value : values) {
    if (!value.is_string() && !value.is_null()) return false;
  }
  return true;
}

bool fitsKey(const Json& value, KeyType type) {
  switch (type) {
    case KeyType::kString:
      return value.is_string();
    case KeyType::kBool:
      return value.is_boolean();
    case KeyType::kInt:
    case KeyType::kDuration:
      return value.is_number_integer() &&
             (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
    case KeyType::kFloat:
      return value.is_number();
    case KeyType::kStringList:
      return value.is_array() && allStrings(value);
    case KeyType::kStringMap:
      return value.is_object() && allStrings(value);
    case KeyType::kJsonObject:
      return value.is_object();
    case KeyType::kJsonArray:
      return value.is_array();
    // Both kinds of free value were lists in some releases and objects in others.
    case KeyType::kObject:
    case KeyType::kArray:
      return value.is_structured();
  }
  return false;
}

struct FileWalk {
  Unknown unknown;
  Report& report;
  GivenValues& given;

  void object(const Json& value, const KeyNode& node, const std::string& pointer) {
    for (const auto& [name, member_value] : value.items()) {
      const std::string place = pointerTo(pointer, name);
      const KeyNode* child = node.find(name);
      if (child == nullptr) {
        if (unknown == Unknown::kWarn) report.warn(place, "unknown key, it is ignored");
        continue;
      }
      // An exact spelling beside it wins over this one.
      const std::string_view known =
          child->key != nullptr ? std::string_view(child->key->path) : std::string_view();
      const std::string_view last = known.substr(known.rfind('.') + 1);
      if (!last.empty() && name != last && value.contains(last)) continue;
      one(member_value, *child, place);
    }
  }

  void one(const Json& value, const KeyNode& node, const std::string& place) {
    if (value.is_null()) return;
    if (node.key != nullptr) {
      if (!fitsKey(value, node.key->type)) {
        report.error(place, "expected " + std::string(keyTypeName(node.key->type)) + ", found " +
                                (value.is_number_float() ? "fraction" : value.type_name()));
        return;
      }
      Json copy = value;
      if (node.key->type == KeyType::kStringMap || node.key->type == KeyType::kStringList) {
        for (Json& element : copy) {
          if (element.is_null()) element = "";
        }
      }
      given[node.key] = {std::move(copy), place, false};
      return;
    }
    if (!value.is_object()) {
      report.error(place, std::string("expected object, found ") + value.type_name());
      return;
    }
    object(value, node, place);
  }
};

Result<Json> integerFromText(std::string_view text) {
  const auto fail = [] { return Error(Errc::kBadConfig, "is not an integer"); };
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = toLower(text[1]);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    text.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      digits.push_back(text[i]);
    } else if (i + 1 == text.size() || text[i + 1] == '_' || (i == 0 && base == 10)) {
      return fail();
    }
  }
  std::uint64_t number = 0;
  const auto [end, ec] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (digits.empty() || end != digits.data() + digits.size()) return fail();
  const std::uint64_t limit = static_cast<std::uint64_t>(INT64_MAX) + (negative ? 1U : 0U);
  if (ec != std::errc{} || number > limit) return Error(Errc::kBadConfig, "is out of range");
  if (negative) return Json(static_cast<std::int64_t>(~number + 1));
  return Json(static_cast<std::int64_t>(number));
}

Result<Json> boolFromText(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == yes) return Json(true);
  }
  for (const std::string_view no : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == no) return Json(false);
  }
  return Error(Errc::kBadConfig, "is not a boolean");
}

Result<Json> floatFromText(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size() ||
      !std::isfinite(number)) {
    return Error(Errc::kBadConfig, "is not a number");
  }
  return Json(number);
}

std::vector<std::string> splitAt(std::string_view text, char mark) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t found = text.find(mark);
    parts.emplace_back(text.substr(0, found));
    if (found == std::string_view::npos) return parts;
    text.remove_prefix(found + 1);
  }
}

Result<Json> mapFromText(std::string_view text) {
  Json map = Json::object();
  if (trim(text).empty()) return map;
  for (const std::string& pair : splitAt(text, ',')) {
    const auto parts = splitAt(pair, ':');
    if (parts.size() != 2)
      return Error(Errc::kBadConfig, "has an invalid map item: \"" + pair + "\"");
    map[parts[0]] = parts[1];
  }
  return map;
}

Result<Json> jsonFromText(const std::string& text, KeyType type) {
  auto value = parseJson(text);
  if (!value) return Error(Errc::kBadConfig, "is " + value.error().message());
  if (!fitsKey(*value, type)) return Error(Errc::kBadConfig, "is JSON of another type");
  return value;
}

Result<Json> typedFromText(KeyType type, const std::string& text) {
  switch (type) {
    case KeyType::kString:
      return Json(text);
    case KeyType::kBool:
      return boolFromText(text);
    case KeyType::kInt:
      return integerFromText(text);
    case KeyType::kFloat:
      return floatFromText(text);
    case KeyType::kDuration: {
      const auto duration = parseDuration(text);
      if (!duration || text.empty())
        return Error(Errc::kBadConfig, "is not a duration such as 10s");
      return Json(duration->count());
    }
    case KeyType::kStringList:
      return trim(text).empty() ? Json(Json::array()) : Json(splitAt(text, ','));
    case KeyType::kStringMap:
      return mapFromText(text);
    case KeyType::kJsonObject:
    case KeyType::kJsonArray:
      return jsonFromText(text, type);
    case KeyType::kObject:
    case KeyType::kArray:
      break;
  }
  return Error(Errc::kBadConfig, "cannot be set by a variable");
}

}  // namespace

void collectFromFile(const Json& document, Unknown unknown, Report& report, GivenValues& given) {
  if (!document.is_object()) {
    report.error("", std::string("expected an object, found ") + document.type_name());
    return;
  }
  FileWalk{unknown, report, given}.object(document, keyTree(), "");
}

Result<Json> valueFromText(const ConfigKey& key, const std::string& text) {
  auto value = typedFromText(key.type, text);
  // What is no UTF-8 cannot be shown or written later.
  if (value && key.type != KeyType::kJsonObject && key.type != KeyType::kJsonArray) {
    const std::string shown = value->dump(-1, ' ', false, Json::error_handler_t::ignore);
    if (!Json::accept(shown)) value = Error(Errc::kBadConfig, "is not valid text");
  }
  if (value) return value;
  const std::string shown = key.redacted ? "its value" : "\"" + text.substr(0, 200) + "\"";
  const bool tells_value = key.redacted && key.type == KeyType::kStringMap;
  return Error(Errc::kBadConfig,
               "environment variable " + key.env + " (" + std::string(keyTypeName(key.type)) +
                   "): " + shown + " " +
                   (tells_value ? "has an invalid map item" : value.error().message()));
}

void collectFromEnv(const Environment& env, Report& report, GivenValues& given) {
  for (const ConfigKey& key : configKeys()) {
    if (key.env.empty()) continue;
    const auto text = env.get(key.env);
    // Free objects have only a prefix for variables of their own.
    if (!text || key.type == KeyType::kObject || key.type == KeyType::kArray) continue;
    auto value = valueFromText(key, *text);
    if (!value) {
      report.error("", value.error().message());
      continue;
    }
    given[&key] = {std::move(*value), key.env, true};
  }
}

bool isNonDefault(const ConfigKey& key, const Json& value) {
  const std::string& otherwise = key.default_text;
  switch (key.type) {
    case KeyType::kString: {
      const auto& text = *value.get_ptr<const std::string*>();
      return !text.empty() && text != otherwise;
    }
    case KeyType::kBool:
      return value.get<bool>() && otherwise != "true";
    case KeyType::kInt:
      return value.get<std::int64_t>() != 0 && value.dump() != otherwise;
    case KeyType::kFloat: {
      const auto same = floatFromText(otherwise);
      return value.get<double>() != 0 && !(same && same->get<double>() == value.get<double>());
    }
    case KeyType::kDuration: {
      const auto same = parseDuration(otherwise);
      return value.get<std::int64_t>() != 0 &&
             !(same && same->count() == value.get<std::int64_t>());
    }
    case KeyType::kStringList:
    case KeyType::kStringMap:
    case KeyType::kObject:
    case KeyType::kArray:
    case KeyType::kJsonObject:
    case KeyType::kJsonArray:
      break;
  }
  return !value.empty();
}

}  // namespace tykpp::definition
