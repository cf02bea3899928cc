#include "jwt/algorithm.hpp"

#include <array>

namespace tykpp::jwt {

std::optional<Algorithm> algorithmOf(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 12> kNames = {"HS256", "HS384", "HS512", "RS256",
                                                       "RS384", "RS512", "PS256", "PS384",
                                                       "PS512", "ES256", "ES384", "ES512"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

}  // namespace tykpp::jwt
