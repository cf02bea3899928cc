#pragma once
// The `coprocess.Object` that a hook's call sends.

#include <cstddef>
#include <string>
#include <string_view>

#include "drivers/coprocess/message.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::grpc {

/// What is the same in every call of a hook: its type and name, and `spec`. In wire format.
std::string constantPart(const coprocess::Facts& facts, Hook hook);

/// Builds the message of one call after the other; keeps its memory. Thread: one worker.
class RequestMessage {
 public:
  /// Reads the exchange; bodies are referred to and must live until write(). Texts that are no
  /// UTF-8, which a server would refuse, have U+FFFD in place of the bad bytes.
  /// @param constant  constantPart() of the hook
  void build(HookCall& call, const coprocess::Facts& facts, std::string_view constant);
  std::size_t size() const noexcept;
  /// Writes size() bytes.
  void write(char* to) const noexcept;

 private:
  void addRequest(http::Exchange& exchange, const coprocess::Facts& facts);
  void addResponse(http::Exchange& exchange, const coprocess::Facts& facts);
  void addSession(const http::Exchange& exchange, Hook hook);

  /// A message whose bodies are not copied into it.
  struct Part {
    std::string fields;
    std::string_view raw_body, body;
    std::size_t size = 0;
  };
  std::string head_;  // constant part, session, metadata
  Part request_, response_;
  bool has_response_ = false;
};

/// The text, or a copy in the arena with U+FFFD for what is no UTF-8 in it.
std::string_view asUtf8(std::string_view bytes, Arena& arena);
/// The path and query that the plugin was shown as `url`.
std::string_view shownUrl(http::Exchange& exchange);

}  // namespace tykpp::drivers::grpc
