#include "middleware/jwt_verifier.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "jwt/key_source.hpp"

namespace tykpp::middleware {
namespace {

jwt::Family familyOf(definition::JwtFamily family) {
  switch (family) {
    case definition::JwtFamily::kRsa:
      return jwt::Family::kRsa;
    case definition::JwtFamily::kEcdsa:
      return jwt::Family::kEcdsa;
    case definition::JwtFamily::kHmac:
      break;
  }
  return jwt::Family::kHmac;
}

}  // namespace

std::optional<jwt::Algorithm> allowedAlgorithm(const jwt::Token& token,
                                               definition::JwtFamily family,
                                               Verification& refused) {
  const std::optional<jwt::Algorithm> algorithm = jwt::algorithmOf(token.algorithm());
  if (algorithm && jwt::familyOf(*algorithm) == familyOf(family)) return algorithm;
  const bool named = algorithm || token.algorithm() == "none" || token.algorithm() == "EdDSA";
  refused = named ? Verification::kUnexpectedMethod : Verification::kBad;
  return std::nullopt;
}

Result<jwt::Key> keyFrom(const std::string& text, definition::JwtFamily family) {
  Result<jwt::Key> key = family == definition::JwtFamily::kHmac ? jwt::Key::fromSecret(text)
                                                                : jwt::Key::fromPublic(text);
  if (key && key->family() != familyOf(family))
    return Error(Errc::kBadRequest, "is a key of another kind than jwt_signing_method says");
  return key;
}

JwtVerifier::JwtVerifier(const definition::JwtRules& rules, const std::string& api_id,
                         jwt::KeySets* sets)
    : family_(rules.family) {
  if (sets != nullptr) {
    for (const definition::KeySetUri& uri : rules.key_sets)
      sources_.push_back(sets->source(api_id, uri.url, uri.cache_timeout));
  }
  if (!rules.central || !rules.key_sets.empty()) return;
  // The API is served and refuses every token, as with the reference.
  Result<jwt::Key> key = keyFrom(rules.key, family_);
  if (key) {
    key_ = std::move(*key);
  } else {
    TYKPP_LOG(err, "jwt", "jwt_source {}: every token will be refused api_id={}",
              key.error().message(), log::quoted(api_id));
  }
}

Verification JwtVerifier::verify(const jwt::Token& token, bool last) const {
  Verification refused = Verification::kBad;
  const std::optional<jwt::Algorithm> algorithm = allowedAlgorithm(token, family_, refused);
  if (!algorithm) return refused;
  const auto good = [&](const jwt::Key& key) {
    return key.verify(*algorithm, token.signedText(), token.signature());
  };
  if (sources_.empty()) return key_ && good(*key_) ? Verification::kGood : Verification::kBad;
  if (!token.kid()) return Verification::kBad;
  if (!last && !fresh(Clock::now())) return Verification::kNeedsKeys;
  for (const auto& source : sources_) {
    const std::shared_ptr<const jwt::KeySet> keys = source->keys();
    if (keys == nullptr || !keys->has(*token.kid())) continue;
    return keys->anyNamed(*token.kid(), good) ? Verification::kGood : Verification::kBad;
  }
  return last ? Verification::kBad : Verification::kNeedsKeys;
}

std::uint64_t JwtVerifier::generation() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& source : sources_) sum += source->generation();
  return sum;
}

bool JwtVerifier::fresh(Clock::time_point now) const {
  bool all = true;
  for (const auto& source : sources_) all = source->fresh(now) && all;
  return all;
}

bool JwtVerifier::knows(std::string_view kid) const {
  return std::any_of(sources_.begin(), sources_.end(), [kid](const auto& source) {
    const std::shared_ptr<const jwt::KeySet> keys = source->keys();
    return keys != nullptr && keys->has(kid);
  });
}

net::Task<void> JwtVerifier::fetchKeys(net::Loop& loop,
                                       const std::optional<std::string>& kid) const {
  const std::uint64_t before = generation();
  for (const auto& source : sources_) co_await source->refresh(loop);
  if (!kid || knows(*kid) || generation() != before) co_return;
  for (const auto& source : sources_) co_await source->refetch(loop);
}

}  // namespace tykpp::middleware
