#pragma once
#include <string_view>

#include "admin/admin_api.hpp"
#include "admin/debug_call.hpp"

namespace tykpp::admin {

/// What a body asks for. Names count in any case, and members nobody knows do not.
/// @error kBadRequest  in the words for the client
Result<DebugCall> readDebugCall(std::string_view body);

AdminReply debugAnswer(const DebugOutcome& outcome);

}  // namespace tykpp::admin
