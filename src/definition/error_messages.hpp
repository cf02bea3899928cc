#pragma once
// Texts and codes of error answers that `override_messages` of tyk.conf may replace.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tykpp::definition {

struct GatewayConfig;

/// The answers that have a name.
enum class ErrorId : std::uint8_t {
  kAuthFieldMissing,
  kAuthKeyNotFound,
  kAuthKeyInvalid,
  kAuthCertNotFound,
  kAuthCertExpired,
  kAuthCertRequired,
  kAuthCertMismatch,
  kOAuthFieldMissing,
  kOAuthFieldMalformed,
  kOAuthKeyNotFound,
  kOAuthClientDeleted,
  kCount,
};

/// What a client is told.
struct ErrorMessage {
  std::uint16_t code = 0;
  std::string message;
};

/// All of them. Thread: any; it does not change once the configuration is loaded.
class ErrorMessages {
 public:
  /// With the reference's texts and codes.
  ErrorMessages();
  /// View: as long as the object.
  const ErrorMessage& of(ErrorId id) const noexcept {
    return entries_[static_cast<std::size_t>(id)];
  }
  ErrorMessage& of(ErrorId id) noexcept { return entries_[static_cast<std::size_t>(id)]; }

 private:
  std::array<ErrorMessage, static_cast<std::size_t>(ErrorId::kCount)> entries_;
};

/// `auth.key_not_found` and the like. @return nothing for a name that nobody has
std::optional<ErrorId> errorIdOf(std::string_view name) noexcept;
/// All names, for people: separated by commas.
std::string errorIdNames();
/// What the configuration says; the defaults where it says nothing. View: as long as `config`, for
/// ever where it is null.
const ErrorMessages& errorMessages(const GatewayConfig* config);

}  // namespace tykpp::definition
