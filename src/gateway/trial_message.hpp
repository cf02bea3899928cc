#pragma once
// The message of a plugin's trial: read from text, shown as text.

#include <string>
#include <string_view>

#include "base/arena.hpp"
#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "drivers/plugin_driver.hpp"
#include "http/exchange.hpp"

namespace tykpp::gateway {

/// An exchange of worker 0 with whole bodies, and a traffic record. Thread: one.
class TrialMessage {
 public:
  TrialMessage() = default;
  TrialMessage(const TrialMessage&) = delete;
  TrialMessage& operator=(const TrialMessage&) = delete;

  /// @param text  empty: `GET` of the API's listen path
  /// @param spec  outlives the message
  /// @error kBadRequest  naming what cannot be read
  Result<void> setRequest(std::string_view text, const definition::ApiSpec& spec);
  /// @param text  empty: 200 with a small JSON document
  /// @error kBadRequest
  Result<void> setResponse(std::string_view text);
  /// A record of that request, answered with 200.
  void setRecord(const definition::ApiSpec& spec);

  http::Exchange& exchange() noexcept { return exchange_; }
  /// Null unless setRecord() was called.
  drivers::TrafficRecord* record() noexcept { return has_record_ ? &record_ : nullptr; }
  /// What a hook of that kind is about, in lines that end in LF.
  std::string text(drivers::Hook hook) const;

 private:
  /// Keeps the text and cuts it into head and body. @return the head with CRLF lines
  Result<std::string_view> cut(std::string_view text, std::string& body);
  BlockPool pool_;
  Arena arena_{pool_};
  http::Exchange exchange_{arena_, 0, 1};
  drivers::TrafficRecord record_;
  bool has_record_ = false;
};

/// The answer that a client gets for a plugin's refusal, without the gateway's template around it.
std::string refusalText(const Error& error, const http::Exchange& exchange);

}  // namespace tykpp::gateway
