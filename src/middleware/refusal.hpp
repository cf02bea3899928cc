#pragma once
// Answers of steps that refuse a request.

#include <cstdint>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "definition/error_messages.hpp"

namespace tykpp::middleware {

/// The client asked for what it may not have: `status` with this text.
inline Error refused(std::uint16_t status, std::string text) {
  return Error(Errc::kForbidden, Side::kClient, status, std::move(text));
}

/// An answer that `override_messages` may have replaced.
inline Error refused(const definition::ErrorMessage& message) {
  return refused(message.code, message.message);
}

}  // namespace tykpp::middleware
