#pragma once
// Base64 of the standard alphabet (RFC 4648 section 4).

#include <optional>
#include <string>
#include <string_view>

namespace tykpp {

enum class Padding : std::uint8_t {
  kRequired,
  kNone,
  kOptional,  ///< all of it or nothing
};

/// @param padded  whether the text is filled up with `=` to a multiple of four
std::string encodeBase64(std::string_view bytes, bool padded = true);
/// The bytes; nothing when it is no such text. Line breaks are passed over.
std::optional<std::string> decodeBase64(std::string_view text,
                                        Padding padding = Padding::kRequired);

}  // namespace tykpp
