#pragma once
// What every built-in authentication method does with a session it found.

#include <memory>

#include "chain/step.hpp"

namespace tykpp::session {
class Keyring;
class SessionEntry;
}  // namespace tykpp::session

namespace tykpp::middleware {

/// Applies the policies of a session and makes it the request's.
/// @param becomes_identity  false: another method names the identity, this one only lets in
/// @return false when the policies cannot be applied: the key then counts as unknown
bool admit(http::Exchange& exchange, session::Keyring& keyring,
           const std::shared_ptr<session::SessionEntry>& entry, bool becomes_identity);

/// Whether the session of a method becomes the request's. @param method  definition::identity
bool givesIdentity(const definition::ApiSpec& api, std::string_view method) noexcept;

}  // namespace tykpp::middleware
