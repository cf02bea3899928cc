#include "events/fire.hpp"

#include "events/request_facts.hpp"
#include "http/client_address.hpp"

namespace tykpp::events {
namespace {

Event eventOf(EventType type, std::string message) {
  Event event;
  event.type = type;
  event.message = std::move(message);
  return event;
}

/// Behind the test that somebody wants it.
void sendClientEvent(const Emitter& emitter, EventType type, std::string message,
                     const http::Exchange& exchange, std::string_view key,
                     std::string_view reason = {}) {
  Event event = eventOf(type, std::move(message));
  event.request = wireForm(exchange);
  event.details = ClientDetails{requestPath(exchange),
                                std::string(http::clientAddress(exchange, emitter.xffDepth())),
                                std::string(key), std::string(reason)};
  emitter.send(std::move(event));
}

}  // namespace

void fireAuthFailure(const Emitter* emitter, const http::Exchange& exchange, std::string_view key) {
  if (!wanted(emitter, EventType::kAuthFailure)) return;
  sendClientEvent(*emitter, EventType::kAuthFailure, "Auth Failure", exchange, key);
}

void fireKeyExpired(const Emitter* emitter, const http::Exchange& exchange, std::string_view key,
                    KeyProblem problem) {
  if (!wanted(emitter, EventType::kKeyExpired)) return;
  const char* message = problem == KeyProblem::kInactive ? "Attempted access from inactive key."
                                                         : "Attempted access from expired key.";
  sendClientEvent(*emitter, EventType::kKeyExpired, message, exchange, key);
}

void fireQuotaExceeded(const Emitter* emitter, const http::Exchange& exchange,
                       std::string_view key) {
  if (!wanted(emitter, EventType::kQuotaExceeded)) return;
  sendClientEvent(*emitter, EventType::kQuotaExceeded, "Key Quota Limit Exceeded", exchange, key);
}

void fireRateLimitExceeded(const Emitter* emitter, const http::Exchange& exchange,
                           std::string_view key, RateLimitOf limit) {
  if (!wanted(emitter, EventType::kRateLimitExceeded)) return;
  const char* message =
      limit == RateLimitOf::kApi ? "API Rate Limit Exceeded" : "Rate Limit Exceeded";
  sendClientEvent(*emitter, EventType::kRateLimitExceeded, message, exchange, key);
}

void fireRateLimitSmoothing(const Emitter* emitter, const http::Exchange& exchange,
                            std::string_view key, Smoothing direction, std::string message) {
  const EventType type = direction == Smoothing::kUp ? EventType::kRateLimitSmoothingUp
                                                     : EventType::kRateLimitSmoothingDown;
  if (!wanted(emitter, type)) return;
  sendClientEvent(*emitter, type, std::move(message), exchange, key);
}

void fireOrgQuotaExceeded(const Emitter* emitter, const http::Exchange& exchange,
                          std::string_view org_id) {
  if (!wanted(emitter, EventType::kOrgQuotaExceeded)) return;
  sendClientEvent(*emitter, EventType::kOrgQuotaExceeded, "Organisation quota has been exceeded",
                  exchange, org_id);
}

void fireOrgRateLimitExceeded(const Emitter* emitter, const http::Exchange& exchange,
                              std::string_view org_id) {
  if (!wanted(emitter, EventType::kOrgRateLimitExceeded)) return;
  sendClientEvent(*emitter, EventType::kOrgRateLimitExceeded,
                  "Organisation rate limit has been exceeded", exchange, org_id);
}

void fireVersionFailure(const Emitter* emitter, const http::Exchange& exchange,
                        std::string_view reason) {
  if (!wanted(emitter, EventType::kVersionFailure)) return;
  sendClientEvent(*emitter, EventType::kVersionFailure,
                  "Attempted access to disallowed version / path.", exchange, {}, reason);
}

void fireBreaker(const Emitter* emitter, std::string_view path, BreakerChange change) {
  if (emitter == nullptr) return;
  const bool reset = change == BreakerChange::kReset;
  const EventType second = reset ? EventType::kBreakerReset : EventType::kBreakerTripped;
  for (const EventType type : {EventType::kBreakerTriggered, second}) {
    if (!emitter->wants(type)) continue;
    Event event = eventOf(type, reset ? "Breaker Reset" : "Breaker Tripped");
    event.details = BreakerDetails{std::string(path), emitter->apiId(), reset};
    emitter->send(std::move(event));
  }
}

void fireTriggerExceeded(const Emitter* emitter, const http::Exchange& exchange,
                         TriggerDetails details) {
  if (!wanted(emitter, EventType::kTriggerExceeded)) return;
  Event event = eventOf(EventType::kTriggerExceeded, "Quota trigger reached");
  event.request = wireForm(exchange);
  event.details = std::move(details);
  emitter->send(std::move(event));
}

void fireHost(const Emitter* emitter, HostState state, HostDetails details) {
  const bool down = state == HostState::kDown;
  const EventType type = down ? EventType::kHostDown : EventType::kHostUp;
  if (!wanted(emitter, type)) return;
  Event event = eventOf(type, down ? "Uptime test failed" : "Uptime test succeeded");
  event.details = std::move(details);
  emitter->send(std::move(event));
}

void fireToken(const Emitter* emitter, TokenChange change, std::string message,
               TokenDetails details) {
  const EventType type = change == TokenChange::kCreated   ? EventType::kTokenCreated
                         : change == TokenChange::kUpdated ? EventType::kTokenUpdated
                                                           : EventType::kTokenDeleted;
  if (!wanted(emitter, type)) return;
  Event event = eventOf(type, std::move(message));
  event.details = std::move(details);
  emitter->send(std::move(event));
}

void fireCertificate(const Emitter* emitter, CertificateState state, std::string message,
                     CertificateDetails details) {
  const EventType type = state == CertificateState::kExpired ? EventType::kCertificateExpired
                                                             : EventType::kCertificateExpiringSoon;
  if (!wanted(emitter, type)) return;
  Event event = eventOf(type, std::move(message));
  event.details = std::move(details);
  emitter->send(std::move(event));
}

void fireCustom(const Emitter* emitter, std::string name, std::string message) {
  if (emitter == nullptr || !emitter->wants(std::string_view(name))) return;
  Event event = eventOf(EventType::kCustom, std::move(message));
  event.name = std::move(name);
  emitter->send(std::move(event));
}

}  // namespace tykpp::events
