#pragma once
// What calls on keys read and make up: sessions, ids of policies, secrets, times.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "session/session_data.hpp"

namespace tykpp::admin {

/// A session; null is one without members. @error kBadRequest
Result<session::SessionData> readSession(std::string_view body);
/// `{"policy":"id","apply_policies":["id"]}`, the single one last. Nothing: no such object.
std::optional<std::vector<std::string>> readPolicyIds(std::string_view body);
/// base64 of 32 random hex digits.
std::string newSecret();
/// Now, in UTC.
session::Timestamp timeNow();

}  // namespace tykpp::admin
