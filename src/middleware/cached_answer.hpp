#pragma once
// Answers as the store has them: base64 of the HTTP/1.1 message, `|`, the unix second of its end.
// Gateways on one store read each other's.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace tykpp::middleware {

/// Status line and fields of an answer, the fields in the order of their names, without what frames
/// the body or concerns one connection alone, and without the empty line. In the arena.
std::string_view wireHead(const http::Response& response, Arena& arena);

/// @param head     wireHead()
/// @param length   of the body as the head tells it; nothing: it does not
/// @param expires  unix seconds
std::string encodeAnswer(std::string_view head, std::optional<std::uint64_t> length,
                         std::string_view body, std::int64_t expires);

/// Reads a stored value into an empty response; its fields are in the response's arena. Of an
/// answer to HEAD, `Content-Length` stays among them.
/// @param method  of the request
/// @param now     unix seconds
/// @return false when it has ended, is damaged, or is no answer that may be given again
bool decodeAnswer(std::string_view value, std::string_view method, std::int64_t now,
                  http::Response& response);

/// Whether an answer of this status stands for the whole of what was asked for: parts (206) and
/// references to what a client has (304) do not, whatever a definition says.
bool isWholeAnswer(std::uint16_t status) noexcept;

}  // namespace tykpp::middleware
