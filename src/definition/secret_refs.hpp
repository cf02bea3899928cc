#pragma once
// References to secrets (`env://`, `secrets://`) in definitions and in tyk.conf.

#include <map>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "definition/environment.hpp"

namespace tykpp::definition {

using SecretMap = std::map<std::string, std::string>;

/// Replaces every `env://NAME` (the variable NAME, up to the next quote) and `secrets://key` in the
/// bytes of a definition; values are JSON-escaped. What has no value stays as it is.
std::string replaceSecretRefs(std::string_view text, const SecretMap& secrets,
                              const Environment& env);

/// Resolves a value that is a reference as a whole: `env://NAME` (the variable TYK_SECRET_NAME) or
/// `secrets://key`. Any other text is its own value.
/// @error  kBadConfig for an unknown secret, kNotBuilt for stores this release cannot ask
Result<std::string> resolveSecret(std::string_view value, const SecretMap& secrets,
                                  const Environment& env);

/// The text starts with a scheme of a secret store.
bool isSecretRef(std::string_view value) noexcept;

}  // namespace tykpp::definition
