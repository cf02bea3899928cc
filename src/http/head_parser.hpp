#pragma once
// Message heads: bytes up to the empty line in, views out. Strict: what two servers could read
// differently is refused.

#include <string_view>

#include "http/message.hpp"

namespace tykpp::http {

/// Finds the end of a head.
struct HeadScan {
  std::size_t end = 0;  ///< bytes including the empty line; 0: not there yet
  bool bad = false;     ///< a line that ends without CR: no need to wait for more
};
/// @param from  bytes that an earlier scan of the same head has seen
HeadScan scanHead(std::string_view bytes, std::size_t from) noexcept;

/// Parses a complete request head. Views point into `head`; decoded text is in the request's arena.
/// @error kBadRequest (400) for anything malformed or ambiguous (RFC 9112, the list of refusals in
/// docs/http.md)
Result<void> parseRequestHead(std::string_view head, Request& request);

/// Framing of a response's body and its connection's fate.
struct ResponseFraming {
  BodyFraming body = BodyFraming::kNone;
  std::uint64_t length = 0;
  bool keep_alive = true;
};
/// Parses a complete response head; hop-by-hop fields are still in the headers afterwards
/// (removeHopByHop).
/// @param request_method  decides about the body of answers to HEAD
/// @error kUpstreamProtocol
Result<ResponseFraming> parseResponseHead(std::string_view head, std::string_view request_method,
                                          Response& response);

}  // namespace tykpp::http
