#pragma once
// bcrypt as the original writes it: `$2a$`, cost 10.

#include <optional>
#include <string>
#include <string_view>

namespace tykpp::session {

/// Bytes of a password that bcrypt looks at; longer ones are refused instead of cut.
inline constexpr std::size_t kMostBcryptBytes = 72;

/// Nothing when the password is too long or has a NUL in it. Takes some 60 ms.
std::optional<std::string> bcryptHash(std::string_view password);
/// Whether the text is bcrypt's for this password. False for text that is not bcrypt's, or with a
/// cost that would take more than a few seconds.
bool bcryptMatches(std::string_view kept, std::string_view password);

}  // namespace tykpp::session
