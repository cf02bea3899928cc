#pragma once
// Bodies of errors that the gateway answers itself (spec/gateway-config.md section 10.1). Enters: a
// status and a message; leaves: the response of the exchange. Loaded once at start, then read by
// every worker.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::definition {
struct GatewayConfig;
}
namespace tykpp::http {
class Exchange;
}

namespace tykpp::response {

/// The templates of `template_path` over the built-in ones. Lookup: `error_<code>.<ext>`,
/// `error.<ext>`, `error.json`; `ext` is `xml` for a request with an XML Content-Type, else `json`.
/// Templates know `{{.Message}}`, `{{.StatusCode}}` and comments; anything else is an error at
/// start.
class ErrorTemplates {
 public:
  /// @error  kBadConfig: `template_path` cannot be read, has no `error*` file, or a template asks
  /// for something unknown;
  ///         the message names the file and the line
  static Result<ErrorTemplates> load(const definition::GatewayConfig& config);

  ~ErrorTemplates();
  ErrorTemplates(ErrorTemplates&&) noexcept;
  ErrorTemplates& operator=(ErrorTemplates&&) noexcept;

  /// Replaces the response by this error: status, Content-Type, X-Generator, body. Thread: any.
  void fill(http::Exchange& exchange, std::uint16_t status, std::string_view message) const;

 private:
  struct State;
  explicit ErrorTemplates(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

}  // namespace tykpp::response
