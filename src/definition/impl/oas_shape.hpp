#pragma once
#include "definition/impl/shape.hpp"

namespace tykpp::definition {

inline constexpr const char* kExtension = "x-tyk-api-gateway";

/// `x-tyk-api-gateway`.
const Shape& extensionShape();

}  // namespace tykpp::definition
