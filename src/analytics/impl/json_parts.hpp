#pragma once
// Parts of a record that plugins write as JSON objects.

#include <nlohmann/json.hpp>
#include <string_view>

namespace tykpp::analytics {

using Json = nlohmann::json;

/// The object that a plugin wrote; null for anything else.
inline Json parsedPart(std::string_view text) {
  return text.empty() ? Json() : Json::parse(text, nullptr, false);
}
/// A member of an object; null when there is none.
inline const Json& partOf(const Json& object, const char* name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}
/// Nothing for a value of another type, as the three below.
inline std::string_view textOfPart(const Json& value) {
  return value.is_string() ? std::string_view(value.get_ref<const std::string&>())
                           : std::string_view{};
}
inline double realOfPart(const Json& value) { return value.is_number() ? value.get<double>() : 0; }
inline std::int64_t numberOfPart(const Json& value) {
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}
inline bool flagOfPart(const Json& value) { return value.is_boolean() && value.get<bool>(); }

}  // namespace tykpp::analytics
