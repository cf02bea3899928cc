#include "jwt/key_set.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace tykpp::jwt {

Result<KeySet> KeySet::parse(std::string_view text) {
  constexpr std::size_t kMaxDepth = 16;
  if (text.size() > kMaxKeySetBytes || jsonDeeperThan(text, kMaxDepth))
    return Error(Errc::kBadRequest, "the key set is too long or nested too deep");
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto keys = json.is_object() ? json.find("keys") : json.end();
  if (!json.is_object() || keys == json.end() || !keys->is_array())
    return Error(Errc::kBadRequest, "is no JSON object with a list of keys");
  KeySet set;
  for (const auto& jwk : *keys) {
    if (set.entries_.size() + set.skipped_ >= kMaxKeys) break;
    Result<Key> key = Key::fromJwk(jwk);
    if (!key) {
      ++set.skipped_;
      continue;
    }
    const auto kid = jwk.find("kid");
    const bool named = kid != jwk.end() && kid->is_string();
    set.entries_.push_back({named ? kid->get<std::string>() : std::string{}, std::move(*key)});
  }
  return set;
}

bool KeySet::has(std::string_view kid) const noexcept {
  return anyNamed(kid, [](const Key&) { return true; });
}

}  // namespace tykpp::jwt
