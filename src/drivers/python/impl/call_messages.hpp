#pragma once
// The messages that stand for a call, and what counts of them afterwards.

#include <memory>
#include <nlohmann/json.hpp>

#include "drivers/python/impl/call.hpp"
#include "drivers/python/impl/message.hpp"

namespace tykpp::drivers::python {

// Each makes an object whose values come from the call when they are read; null with an error set.
Message* newRequestMessage(const std::shared_ptr<Call>& call);
Message* newResponseMessage(const std::shared_ptr<Call>& call);
/// Empty when the hook is given no session.
Message* newSessionMessage(const std::shared_ptr<Call>& call);

/// What the plugin left in the request message. @return false with a Python error set
bool takeRequest(Message& request, coprocess::RequestReply& reply);
/// What it left in the response message. @return false with a Python error set
bool takeResponse(Message& response, const Call& call, coprocess::ResponseReply& reply);

/// A message as JSON, fields that are not set absent. @return null with a Python error set
nlohmann::json toJson(Message& message);
/// Sets the fields that the JSON has; those of another type are passed over. @return false with a
/// Python error set
bool fromJson(Message& message, const nlohmann::json& json);

}  // namespace tykpp::drivers::python
