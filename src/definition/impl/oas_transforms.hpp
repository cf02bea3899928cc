#pragma once
#include <string>

#include "definition/impl/json_text.hpp"

namespace tykpp::definition {

/// Adds what the blocks of one operation say about headers, URL and method to the lists that
/// Classic definitions have.
/// @param rules  the operation's blocks
void convertTransforms(const std::string& path, const std::string& method, const Json& rules,
                       Json& lists);

}  // namespace tykpp::definition
