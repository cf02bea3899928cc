#pragma once
#include "definition/impl/shape.hpp"

namespace tykpp::definition {

/// A whole Classic definition.
const Shape& classicShape();

}  // namespace tykpp::definition
