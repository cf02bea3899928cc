#pragma once
// The session as `coprocess.SessionState` and as the JSON form of that message.

#include <coprocess_session_state.pb.h>

#include <nlohmann/json.hpp>

namespace tykpp::drivers::grpc {

/// The message of what coprocess::sessionMessage makes; of another type than the field's: left out.
/// The messages that the reference always sends (`monitor` …) are always there.
::coprocess::SessionState sessionFrom(const nlohmann::json& message);

/// The JSON form, zero values absent.
nlohmann::json sessionJson(const ::coprocess::SessionState& session);

}  // namespace tykpp::drivers::grpc
