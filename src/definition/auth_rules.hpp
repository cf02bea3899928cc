#pragma once
// How the clients of an API prove who they are. Field comments name the Classic field.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "definition/event_handlers.hpp"
#include "definition/jwt_rules.hpp"
#include "definition/upstream_auth_rules.hpp"

namespace tykpp::definition {

/// `auth_configs.authToken.signature`, in force with `validate_signature`: beside its token a
/// client sends a digest of token, secret and time.
struct TokenSignature {
  bool enabled = false;
  std::string algorithm;  ///< MasherySHA256 or MasheryMD5; others answer 500
  std::string header;
  std::string param;                    ///< query parameter; empty: in none
  std::string secret;                   ///< may name variables
  std::int64_t allowed_clock_skew = 0;  ///< seconds to either side
  int error_code = 401;
  std::string error_message = "Request signature verification failed";
};

/// `use_standard_auth`, `auth_configs.authToken`
struct TokenAuth {
  bool enabled = false;  ///< also when nothing else is
  CredentialSource source;
  TokenSignature signature;
  bool use_certificate = false;  ///< the client's certificate in place of a token, on TLS
};

/// `use_basic_auth`, `basic_auth`, `auth_configs.basic`
struct BasicAuth {
  bool enabled = false;
  CredentialSource source;
  bool disable_caching = false;
  std::chrono::seconds cache_ttl{60};
  bool extract_from_body = false;
  std::string body_user_regexp;
  std::string body_password_regexp;
};

/// `enable_signature_checking`, `auth_configs.hmac`
struct HmacAuth {
  bool enabled = false;
  CredentialSource source;
  double allowed_clock_skew = 0;                ///< `hmac_allowed_clock_skew`, ms; 0 and below: any
  std::vector<std::string> allowed_algorithms;  ///< `hmac_allowed_algorithms`; empty: all
};

/// What `strip_auth_data` takes off a request for one entry of `auth_configs`.
struct StrippedCredential {
  std::string header = "Authorization";
  std::string param{};  ///< empty: none
  std::string cookie = "Authorization";
};

/// Which built-in step or plugin a security scheme stands for.
enum class AuthMethod : std::uint8_t {
  kToken,
  kBasic,
  kHmac,
  kJwt,
  kOAuth,
  kOpenId,
  kCustom,
  kNone
};

/// A scheme of a group.
struct SchemeUse {
  std::string name;
  AuthMethod method = AuthMethod::kNone;
};

/// `use_oauth2`: the gateway is the API's authorisation server (RFC 6749) and checks its tokens.
struct OAuthRules {
  bool enabled = false;
  CredentialSource source;                   ///< `auth_configs.oauth`
  std::vector<std::string> access_types;     ///< `oauth_meta.allowed_access_types`: grants
  std::vector<std::string> authorize_types;  ///< `oauth_meta.allowed_authorize_types`: code, token
  std::string login_redirect;                ///< `oauth_meta.auth_login_redirect`
  std::string notify_url;     ///< `notifications.oauth_on_keychange_url`; empty: none
  std::string notify_secret;  ///< `notifications.shared_secret`
};

/// `custom_middleware.id_extractor`: what of a request names the session that a plugin made before,
/// so that it need not be asked again.
struct IdExtractor {
  enum class From : std::uint8_t { kHeader, kForm, kQuery, kBody };
  enum class With : std::uint8_t { kValue, kRegex, kXPath };
  From from = From::kHeader;    ///< `extract_from`
  With with = With::kValue;     ///< `extract_with`
  std::string name;             ///< `header_name` or `param_name`
  std::string expression;       ///< `regex_expression` or `xpath_expression`
  std::size_t match_index = 0;  ///< `regex_match_index`: which of all matches
};

/// Everything about authentication that a definition says. The custom plugin is in ApiSpec.
struct AuthRules {
  TokenAuth token;
  OAuthRules oauth;
  BasicAuth basic;
  HmacAuth hmac;
  JwtRules jwt;
  RequestSigning signing;
  UpstreamCredential upstream;
  std::vector<StrippedCredential> stripped;  ///< empty without `strip_auth_data`
  /// Groups of which one has to let a request in, each method of the group taken together; fewer
  /// than two: all methods have to. Source: `securityProcessingMode: compliant` of an OAS document
  std::vector<std::vector<SchemeUse>> groups;
  std::optional<IdExtractor> id_extractor;
  std::int64_t session_lifetime = 0;  ///< seconds; 0: not said
  bool session_lifetime_respects_key_expiration = false;

  /// Whether one of several groups is enough.
  bool choice() const noexcept { return groups.size() > 1; }
};

/// Names that `base_identity_provided_by` may have.
namespace identity {
inline constexpr std::string_view kToken = "auth_token";
inline constexpr std::string_view kCustom = "custom_auth";
inline constexpr std::string_view kHmac = "hmac_key";
inline constexpr std::string_view kBasic = "basic_auth_user";
inline constexpr std::string_view kJwt = "jwt_claim";
inline constexpr std::string_view kOpenId = "oidc_user";
inline constexpr std::string_view kOAuth = "oauth_key";
}  // namespace identity

}  // namespace tykpp::definition
