#pragma once
// A client application of an API's authorisation server, and the tokens and codes given to it, as
// the store keeps them (spec/storage-and-analytics.md section 6).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "session/session_data.hpp"

namespace tykpp::oauth {

struct Client {
  std::string id;
  std::string secret;        ///< never for logs
  std::string redirect_uri;  ///< one, or several with `oauth_redirect_uri_separator` between them
  std::string policy_id;
  std::string description;
  std::string meta_data;  ///< JSON text; empty: null
  bool operator==(const Client&) const = default;

  /// As the store has it. Names in any case.
  static std::optional<Client> parse(std::string_view json);
  std::string json() const;
  /// As the control API shows it, without API id.
  std::string shown() const;
  /// The members of `meta_data` that is an object.
  session::MetaData metaData() const;
};

/// What the control API is asked to make.
struct ClientRequest {
  Client client;  ///< id and secret may be empty
  std::string api_id;
  static std::optional<ClientRequest> parse(std::string_view json);
};

/// A code or a token that was given out; members that a kind does not have stay empty.
struct Grant {
  Client client;
  std::string code;
  std::string access_token;
  std::string refresh_token;
  std::int64_t expires_in = 0;  ///< seconds
  std::string scope;
  std::string redirect_uri;
  std::string state;
  session::Timestamp created;
  std::optional<std::string> user_data;  ///< JSON of a session
  bool operator==(const Grant&) const = default;

  static std::optional<Grant> parse(std::string_view json);
  /// `oauth-authorize.`
  std::string codeJson() const;
  /// `oauth-access.` and `oauth-refresh.`
  std::string accessJson() const;
};

/// Now, in UTC.
session::Timestamp timeNow();
/// 16 random bytes as a UUID's text (RFC 9562 version 4).
std::string newUuid();

}  // namespace tykpp::oauth
