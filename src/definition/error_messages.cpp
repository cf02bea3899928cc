#include "definition/error_messages.hpp"

#include "definition/gateway_config.hpp"

namespace tykpp::definition {
namespace {

constexpr std::string_view kDisallowed = "Access to this API has been disallowed";

struct NamedError {
  ErrorId id;
  std::string_view name;
  std::uint16_t code;
  std::string_view message;
};

constexpr std::array<NamedError, static_cast<std::size_t>(ErrorId::kCount)> kErrors = {{
    {ErrorId::kAuthFieldMissing, "auth.auth_field_missing", 401, "Authorization field missing"},
    {ErrorId::kAuthKeyNotFound, "auth.key_not_found", 403, kDisallowed},
    {ErrorId::kAuthKeyInvalid, "auth.key_is_invalid", 403, kDisallowed},
    {ErrorId::kAuthCertNotFound, "auth.cert_not_found", 403, kDisallowed},
    {ErrorId::kAuthCertExpired, "auth.cert_expired", 403, "Certificate has expired"},
    {ErrorId::kAuthCertRequired, "auth.cert_required", 401, "Client certificate required"},
    {ErrorId::kAuthCertMismatch, "auth.cert_mismatch", 401, kDisallowed},
    {ErrorId::kOAuthFieldMissing, "oauth.auth_field_missing", 400, "Authorization field missing"},
    {ErrorId::kOAuthFieldMalformed, "oauth.auth_field_malformed", 400, "Bearer token malformed"},
    {ErrorId::kOAuthKeyNotFound, "oauth.key_not_found", 403, "Key not authorised"},
    {ErrorId::kOAuthClientDeleted, "oauth.client_deleted", 403,
     "Key not authorised. OAuth client access was revoked"},
}};

}  // namespace

ErrorMessages::ErrorMessages() {
  for (const NamedError& error : kErrors) of(error.id) = {error.code, std::string(error.message)};
}

std::optional<ErrorId> errorIdOf(std::string_view name) noexcept {
  for (const NamedError& error : kErrors) {
    if (error.name == name) return error.id;
  }
  return std::nullopt;
}

std::string errorIdNames() {
  std::string names;
  for (const NamedError& error : kErrors) {
    names.append(names.empty() ? "" : ", ").append(error.name);
  }
  return names;
}

const ErrorMessages& errorMessages(const GatewayConfig* config) {
  static const ErrorMessages kDefaults;
  if (config == nullptr || config->identity.error_messages == nullptr) return kDefaults;
  return *config->identity.error_messages;
}

}  // namespace tykpp::definition
