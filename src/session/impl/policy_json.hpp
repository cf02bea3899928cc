#pragma once
// A policy out of a parsed document.

#include "session/impl/json_reader.hpp"
#include "session/policy.hpp"

namespace tykpp::session {

/// @error kBadRequest  no object, or a member of another type; where() is its JSON pointer
Result<Policy> readPolicy(const Json& object);

}  // namespace tykpp::session
