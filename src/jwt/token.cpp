#include "jwt/token.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "jwt/base64url.hpp"

namespace tykpp::jwt {
namespace {

using Json = nlohmann::json;

Error malformed(const char* why) { return Error(Errc::kBadRequest, Side::kClient, 403, why); }

/// A part of the token as a JSON object; null when it is none.
std::shared_ptr<const Json> objectIn(std::string_view part) {
  const std::optional<std::string> text = decodeBase64Url(part);
  if (!text || jsonDeeperThan(*text, kMaxTokenDepth)) return nullptr;
  auto json = std::make_shared<Json>(Json::parse(*text, nullptr, false));
  if (!json->is_object()) return nullptr;
  return json;
}

std::optional<std::string> headerText(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

}  // namespace

Result<Token> Token::parse(std::string_view text, Payload payload) {
  if (text.size() > kMaxTokenBytes) return malformed("the token is too long");
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos)
    return malformed("a token has three parts");
  Token token;
  token.header_ = objectIn(text.substr(0, first));
  if (token.header_ == nullptr) return malformed("the token's header cannot be read");
  const std::string_view claims = text.substr(first + 1, second - first - 1);
  if (payload == Payload::kClaims) {
    token.claims_ = objectIn(claims);
  } else if (decodeBase64Url(claims)) {
    token.claims_ = std::make_shared<const Json>(Json::object());
  }
  if (token.claims_ == nullptr) return malformed("the token's claims cannot be read");
  if (token.header_->contains("crit")) return malformed("the token has critical extensions");
  std::optional<std::string> signature = decodeBase64Url(text.substr(second + 1));
  if (!signature) return malformed("the token's signature cannot be read");
  token.signature_ = std::move(*signature);
  token.signed_text_ = text.substr(0, second);
  token.algorithm_ = headerText(*token.header_, "alg").value_or("");
  token.kid_ = headerText(*token.header_, "kid");
  return token;
}

}  // namespace tykpp::jwt
