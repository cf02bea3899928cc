#pragma once
// Answers of steps that refuse a request.

#include <cstdint>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace tykpp::middleware {

/// The client asked for what it may not have: `status` with this text.
inline Error refused(std::uint16_t status, std::string text) {
  return Error(Errc::kForbidden, Side::kClient, status, std::move(text));
}

}  // namespace tykpp::middleware
