#pragma once
// How the clients of an API prove who they are. Field comments name the Classic field.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "definition/event_handlers.hpp"

namespace tykpp::definition {

/// `use_standard_auth`, `auth_configs.authToken`
struct TokenAuth {
  bool enabled = false;  ///< also when nothing else is
  CredentialSource source;
};

/// `use_oauth2`: the gateway is the API's authorisation server (RFC 6749) and checks its tokens.
struct OAuthRules {
  bool enabled = false;
  CredentialSource source;                   ///< `auth_configs.oauth`
  std::vector<std::string> access_types;     ///< `oauth_meta.allowed_access_types`: grants
  std::vector<std::string> authorize_types;  ///< `oauth_meta.allowed_authorize_types`: code, token
  std::string login_redirect;                ///< `oauth_meta.auth_login_redirect`
  std::string notify_url;                    ///< `notifications.oauth_on_keychange_url`; empty: none
  std::string notify_secret;                 ///< `notifications.shared_secret`
};

/// Everything about authentication that a definition says. The custom plugin is in ApiSpec.
struct AuthRules {
  TokenAuth token;
  OAuthRules oauth;
  std::int64_t session_lifetime = 0;  ///< seconds; 0: not said
  bool session_lifetime_respects_key_expiration = false;
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
