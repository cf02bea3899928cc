#pragma once
// Answers that need no template. Each replaces the response of the exchange; views passed in are
// copied.

#include <cstdint>
#include <string>
#include <string_view>

namespace tykpp::http {
class Exchange;
}

namespace tykpp::response {

/// Any status with a body of a given type. `content_type` empty: no such header.
void reply(http::Exchange& exchange, std::uint16_t status, std::string_view content_type,
           std::string body);
/// 404 `Not Found`: no API, or a strict route.
void notFound(http::Exchange& exchange);
/// 301 without a body. @param location  must live as long as the exchange
void movedPermanently(http::Exchange& exchange, std::string_view location);
/// 413 `Request Entity Too Large`: `max_request_body_size`.
void requestTooLarge(http::Exchange& exchange);
/// 400 `400 Bad Request`: a target or head that cannot be read.
void badRequest(http::Exchange& exchange);
/// `{"status":"<ok|error>","message":"…"}` with a final newline: ok below 400.
void statusMessage(http::Exchange& exchange, std::uint16_t status, std::string_view message);

}  // namespace tykpp::response
