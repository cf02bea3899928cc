#pragma once
// Finding the credential of a method in a request, as fast as its source allows.

#include <string_view>

#include "definition/event_handlers.hpp"
#include "http/exchange.hpp"

namespace tykpp::middleware {

/// One method's. Thread: any.
class CredentialReader {
 public:
  explicit CredentialReader(definition::CredentialSource source);

  /// Empty when there is none. View: into the exchange.
  std::string_view of(const http::Exchange& exchange) const;

 private:
  definition::CredentialSource source_;
  http::HeaderId header_;  ///< so that well-known names are compared by number
  bool header_only_;       ///< neither query nor cookie
};

/// The value without `Bearer` in any case and one space.
std::string_view withoutBearer(std::string_view value) noexcept;

}  // namespace tykpp::middleware
