#pragma once
#include <cstdint>
#include <string_view>

#include "http/message.hpp"

namespace tykpp::http {

/// The standard reason phrase (RFC 9110 section 15), empty for a code without one.
std::string_view reasonPhrase(std::uint16_t status) noexcept;

/// Status line, the response's headers and further complete lines, with the empty line, as one
/// piece of the arena. `Content-Length`, `Connection` and `Transfer-Encoding` of the response are
/// left out: they are among the lines.
std::string_view renderStatusLineAndHeaders(const Response& response, Arena& arena,
                                            std::string_view lines,
                                            std::string_view more_lines = {});

}  // namespace tykpp::http
