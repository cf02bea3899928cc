#pragma once
// A request and a response as steps, hooks and plugins see them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/headers.hpp"

namespace tykpp::http {

/// How the length of a body is known (RFC 9112 section 6.3).
enum class BodyFraming : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

/// Whether a body must be in memory for a chain to run.
enum class BodyNeed : std::uint8_t { kStream, kBuffer };

/// Views live as long as the exchange.
class Request {
 public:
  explicit Request(Arena& arena) : headers(arena) {}

  std::string_view method;           ///< as sent, case-sensitive
  std::string_view target;           ///< the request target in origin form
  std::string_view received_target;  ///< second word of the request line, whatever hooks do
  std::string_view raw_path;         ///< the target's path, still escaped
  std::string_view path;             ///< raw_path without percent escapes
  std::string_view query;            ///< behind `?`, as sent
  bool has_query = false;            ///< a `?` was there, even with nothing behind it
  std::string_view host;             ///< Host header, or the authority of an absolute target
  std::uint8_t version_minor = 1;    ///< HTTP/1.x
  bool keep_alive = true;
  Headers headers;

  BodyFraming framing = BodyFraming::kNone;
  std::uint64_t content_length = 0;  ///< with kLength

  /// The whole body, once the chain asked for it (BodyNeed::kBuffer) or a step replaced it; else
  /// null.
  const std::string* body() const noexcept { return body_ ? &*body_ : nullptr; }
  /// Replaces the body: it goes upstream with a Content-Length of its own.
  void setBody(std::string body) {
    framing = BodyFraming::kLength;
    content_length = body.size();
    body_ = std::move(body);
  }
  /// Splits a path-and-query and decodes the path; both views must live in the arena.
  /// @return false when an escape is malformed; the request is then unchanged
  bool setTarget(std::string_view path_and_query);

 private:
  std::optional<std::string> body_;
};

/// What goes to the client. A step that answers fills it; else the upstream's answer is here when
/// response steps run.
class Response {
 public:
  explicit Response(Arena& arena) : headers(arena) {}

  std::uint16_t status = 0;
  std::string_view reason;  ///< upstream's reason phrase, or empty for the standard one
  Headers headers;

  /// The whole body when it is in memory: a local answer, or an upstream's that a step asked for.
  const std::string* body() const noexcept { return body_ ? &*body_ : nullptr; }
  void setBody(std::string body) { body_ = std::move(body); }
  void dropBody() noexcept { body_.reset(); }

 private:
  std::optional<std::string> body_;
};

}  // namespace tykpp::http
