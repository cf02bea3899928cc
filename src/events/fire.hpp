#pragma once
// One function an event: each takes what the event carries and nothing else. With a null emitter,
// or when nobody handles the event, a call is a branch or two; nothing is copied then.
// Thread: any; the exchange's worker where there is an exchange.

#include <string>
#include <string_view>

#include "events/emitter.hpp"

namespace tykpp::http {
class Exchange;
}

namespace tykpp::events {

inline bool wanted(const Emitter* emitter, EventType type) noexcept {
  return emitter != nullptr && emitter->wants(type);
}

// Requests that were refused. `key` is the credential as the client gave it, or empty.

/// Authentication failed, or a plugin refused.
void fireAuthFailure(const Emitter* emitter, const http::Exchange& exchange, std::string_view key);

enum class KeyProblem : std::uint8_t { kInactive, kExpired };
void fireKeyExpired(const Emitter* emitter, const http::Exchange& exchange, std::string_view key,
                    KeyProblem problem);

/// The quota of a key is used up.
void fireQuotaExceeded(const Emitter* emitter, const http::Exchange& exchange,
                       std::string_view key);

enum class RateLimitOf : std::uint8_t { kKey, kApi };
void fireRateLimitExceeded(const Emitter* emitter, const http::Exchange& exchange,
                           std::string_view key, RateLimitOf limit);

enum class Smoothing : std::uint8_t { kUp, kDown };
void fireRateLimitSmoothing(const Emitter* emitter, const http::Exchange& exchange,
                            std::string_view key, Smoothing direction, std::string message);

/// @param org_id  stands for the key
void fireOrgQuotaExceeded(const Emitter* emitter, const http::Exchange& exchange,
                          std::string_view org_id);
void fireOrgRateLimitExceeded(const Emitter* emitter, const http::Exchange& exchange,
                              std::string_view org_id);

/// @param reason  the client's error text
void fireVersionFailure(const Emitter* emitter, const http::Exchange& exchange,
                        std::string_view reason);

// Other events of APIs.

/// BreakerTriggered, and BreakerTripped or BreakerReset.
/// @param path  the rule's, as written
enum class BreakerChange : std::uint8_t { kTripped, kReset };
void fireBreaker(const Emitter* emitter, std::string_view path, BreakerChange change);

/// A share of a quota that a monitor watches for is used up.
void fireTriggerExceeded(const Emitter* emitter, const http::Exchange& exchange,
                         TriggerDetails details);

// Events of the gateway.

enum class HostState : std::uint8_t { kDown, kUp };
void fireHost(const Emitter* emitter, HostState state, HostDetails details);

/// @param message  as the control API words it
enum class TokenChange : std::uint8_t { kCreated, kUpdated, kDeleted };
void fireToken(const Emitter* emitter, TokenChange change, std::string message,
               TokenDetails details);

enum class CertificateState : std::uint8_t { kExpiringSoon, kExpired };
void fireCertificate(const Emitter* emitter, CertificateState state, std::string message,
                     CertificateDetails details);

/// An event of any name, as plugins fire them; whose name is one of the above is told by its name
/// alone and carries nothing but the message.
void fireCustom(const Emitter* emitter, std::string name, std::string message);

}  // namespace tykpp::events
