// Arbitrary bytes as a token, and as a key set: they are refused or read, and no token verifies
// with a key that somebody else has. The first line is the token, what follows it the key set.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "jwt/key.hpp"
#include "jwt/key_set.hpp"
#include "jwt/token.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tykpp::jwt;
  static const Key secret = Key::fromSecret("a secret that no input can guess: 7c0f").value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  const std::string_view jwks = line == std::string_view::npos ? text : text.substr(line + 1);
  const auto set = KeySet::parse(jwks);
  if (set && set->size() > kMaxKeys) std::abort();
  const auto token = Token::parse(text.substr(0, line));
  if (!token) return 0;
  const auto algorithm = algorithmOf(token->algorithm());
  if (!algorithm) return 0;
  if (secret.verify(*algorithm, token->signedText(), token->signature())) std::abort();
  if (set && token->kid()) {
    set->anyNamed(*token->kid(), [&](const Key& key) {
      if (key.verify(*algorithm, token->signedText(), token->signature()) && !key.fits(*algorithm))
        std::abort();
      return false;
    });
  }
  return 0;
}
