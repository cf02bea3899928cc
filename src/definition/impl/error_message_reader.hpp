#pragma once
// `override_messages` of tyk.conf.

#include <memory>
#include <string>

#include "definition/error_messages.hpp"
#include "definition/impl/json_text.hpp"

namespace tykpp::definition {

/// Reads `{ID: {message, code}}` over the defaults. A name that nobody has is told and does not
/// stop the start; a code that is none does.
/// @param place  pointer of `given`
std::shared_ptr<const ErrorMessages> readErrorMessages(const Json& given, const std::string& place,
                                                       Report& report);

}  // namespace tykpp::definition
