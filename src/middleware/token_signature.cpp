#include "middleware/token_signature.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "base/clock.hpp"
#include "base/digest.hpp"
#include "definition/api_spec.hpp"
#include "events/request_facts.hpp"
#include "jwt/token_cache.hpp"

namespace tykpp::middleware {
namespace {

constexpr std::string_view kSha256 = "MasherySHA256";
constexpr std::string_view kMd5 = "MasheryMD5";

std::string sha256Hex(jwt::Digester& digester, std::string_view text) {
  jwt::Digest digest{};
  std::string out;
  if (!digester.digest(text, digest)) return out;
  constexpr char kHex[] = "0123456789abcdef";
  for (const unsigned char byte : digest) {
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

/// The member `id` of a token that is base64 of JSON; empty for any other.
std::string idIn(std::string_view token) {
  const std::optional<std::string> text = decodeBase64(token);
  if (!text || !text->starts_with('{')) return {};
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  const auto id = json.is_object() ? json.find("id") : json.end();
  return json.is_object() && id != json.end() && id->is_string() ? id->get<std::string>()
                                                                 : std::string{};
}

}  // namespace

TokenSignatureCheck::TokenSignatureCheck(definition::TokenSignature rules)
    : rules_(std::move(rules)), source_{rules_.header, rules_.param, {}} {}

bool TokenSignatureCheck::matches(std::string_view digest, std::string_view token) const {
  const std::int64_t now = unixSeconds();
  const std::string start = std::string(token) + rules_.secret;
  const std::string given = lowered(digest);
  jwt::Digester digester;
  for (std::int64_t off = 0; off <= rules_.allowed_clock_skew; ++off) {
    for (const std::int64_t time : {now + off, now - off}) {
      const std::string text = start + std::to_string(time);
      const std::string wanted =
          rules_.algorithm == kMd5 ? md5Hex(text) : sha256Hex(digester, text);
      if (!wanted.empty() && equalsConstantTime(wanted, given)) return true;
    }
  }
  return false;
}

std::shared_ptr<const TokenSignatureCheck> TokenSignatureCheck::of(
    const definition::TokenAuth& rules) {
  if (!rules.signature.enabled) return nullptr;
  return std::make_shared<const TokenSignatureCheck>(rules.signature);
}

Result<chain::Verdict> TokenSignatureCheck::judged(const http::Exchange& exchange,
                                                   std::string_view token) const {
  if (rules_.algorithm != kSha256 && rules_.algorithm != kMd5)
    return Error(Errc::kInternal, Side::kGateway, 500, "internal server error");
  const std::string_view digest = events::credentialOf(exchange, source_);
  if (!digest.empty() && !rules_.secret.empty()) {
    const std::string_view org_id = exchange.api->org_id;
    const std::string id = idIn(token);
    const std::string_view bare =
        token.starts_with(org_id) ? token.substr(org_id.size()) : std::string_view{};
    for (const std::string_view form : {bare, std::string_view(id), token}) {
      if (!form.empty() && matches(digest, form)) return chain::Verdict::kContinue;
    }
  }
  return Error(Errc::kForbidden, Side::kClient, static_cast<std::uint16_t>(rules_.error_code),
               rules_.error_message);
}

}  // namespace tykpp::middleware
