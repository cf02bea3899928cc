#pragma once
// Shapes of JSON documents as constant tables: which members an object has and of what type. One
// walk checks the types, gives members their exact spelling and finds unknown ones.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "definition/impl/json_text.hpp"

namespace tykpp::definition {

enum class Kind : std::uint8_t {
  kAny,
  kString,
  kBool,
  kInt,
  kUnsigned,
  kFloat,
  kList,
  kMap,
  kObject
};

struct Shape;
struct Field {
  std::string_view name;
  const Shape* shape;
};
struct Shape {
  Kind kind = Kind::kAny;
  const Shape* element = nullptr;   ///< of a list or a map
  std::span<const Field> fields{};  ///< of an object
};

inline constexpr Shape kAnyShape{};
inline constexpr Shape kStringShape{Kind::kString};
inline constexpr Shape kBoolShape{Kind::kBool};
inline constexpr Shape kIntShape{Kind::kInt};
inline constexpr Shape kUnsignedShape{Kind::kUnsigned};
inline constexpr Shape kFloatShape{Kind::kFloat};
inline constexpr Shape kStringListShape{Kind::kList, &kStringShape};
inline constexpr Shape kIntListShape{Kind::kList, &kIntShape};
inline constexpr Shape kStringMapShape{Kind::kMap, &kStringShape};
inline constexpr Shape kAnyMapShape{Kind::kMap, &kAnyShape};
inline constexpr Shape kAnyListShape{Kind::kList, &kAnyShape};
inline constexpr Shape kFreeObjectShape{Kind::kMap, &kAnyShape};

enum class Unknown : std::uint8_t { kIgnore, kWarn };

/// Walks `value`: drops nulls (they mean "missing"), renames members that differ from a field in
/// case alone (an exact spelling wins), reports wrong types as errors and, on request, unknown
/// members as warnings.
void applyShape(Json& value, const Shape& shape, const std::string& pointer, Unknown unknown,
                Report& report);

}  // namespace tykpp::definition
