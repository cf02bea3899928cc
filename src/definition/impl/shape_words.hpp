#pragma once
// Short names for tables of shapes, so that a field stays on a line.

#include <span>

#include "definition/impl/shape.hpp"

namespace tykpp::definition::words {

inline constexpr const Shape* kS = &kStringShape;
inline constexpr const Shape* kB = &kBoolShape;
inline constexpr const Shape* kI = &kIntShape;
inline constexpr const Shape* kU = &kUnsignedShape;
inline constexpr const Shape* kF = &kFloatShape;
inline constexpr const Shape* kSL = &kStringListShape;
inline constexpr const Shape* kIL = &kIntListShape;
inline constexpr const Shape* kSM = &kStringMapShape;
inline constexpr const Shape* kX = &kAnyShape;
inline constexpr const Shape* kXM = &kAnyMapShape;

constexpr Shape object(std::span<const Field> fields) { return {Kind::kObject, nullptr, fields}; }
constexpr Shape listOf(const Shape& element) { return {Kind::kList, &element, {}}; }
constexpr Shape mapOf(const Shape& element) { return {Kind::kMap, &element, {}}; }

}  // namespace tykpp::definition::words
