#pragma once
// Header names: well-known ones are interned, so that comparing them is comparing two numbers.

#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::http {

/// Well-known names. kOther: compare the text, without regard to case.
enum class HeaderId : std::uint8_t {
  kOther,
  kHost,
  kConnection,
  kContentLength,
  kTransferEncoding,
  kContentType,
  kContentEncoding,
  kAcceptEncoding,
  kAccept,
  kUserAgent,
  kXForwardedFor,
  kXRealIp,
  kUpgrade,
  kTe,
  kTrailer,
  kKeepAlive,
  kProxyConnection,
  kProxyAuthenticate,
  kProxyAuthorization,
  kExpect,
  kDate,
  kServer,
  kLocation,
  kAuthorization,
  kCookie,
  kSetCookie,
  kRange,
  kEtag,
  kCacheControl,
  kOrigin,
  kXGenerator,
  kXTykAuthorization,
  kIdempotencyKey,
  kCount,
};

/// True for names that concern one connection alone and are not forwarded (RFC 9110 section 7.6.1).
/// `TE` is among them although `TE: trailers` passes: its caller decides.
constexpr bool isHopByHop(HeaderId id) noexcept {
  switch (id) {
    case HeaderId::kConnection:
    case HeaderId::kProxyConnection:
    case HeaderId::kKeepAlive:
    case HeaderId::kProxyAuthenticate:
    case HeaderId::kProxyAuthorization:
    case HeaderId::kTe:
    case HeaderId::kTrailer:
    case HeaderId::kTransferEncoding:
    case HeaderId::kUpgrade:
      return true;
    default:
      return false;
  }
}

/// The id of a name, kOther when it is not well-known. No allocation.
HeaderId internHeader(std::string_view name) noexcept;
/// The canonical text of an id (`Content-Type`), empty for kOther.
std::string_view headerText(HeaderId id) noexcept;

/// A name with its id. View: as long as the text it was made from; ids have static texts.
class HeaderName {
 public:
  constexpr HeaderName(HeaderId id, std::string_view text) noexcept : id_(id), text_(text) {}
  HeaderName(HeaderId id) noexcept
      : id_(id), text_(headerText(id)) {}  // NOLINT(google-explicit-constructor)
  HeaderName(std::string_view text) noexcept
      : id_(internHeader(text)), text_(text) {}  // NOLINT(google-explicit-constructor)
  HeaderName(const char* text) noexcept
      : HeaderName(std::string_view(text)) {}  // NOLINT(google-explicit-constructor)

  /// @error kBadDefinition when the text is no token (RFC 9110 section 5.6.2)
  static Result<HeaderName> parse(std::string_view text);

  HeaderId id() const noexcept { return id_; }
  std::string_view text() const noexcept { return text_; }
  bool matches(HeaderId id, std::string_view text) const noexcept;

 private:
  HeaderId id_;
  std::string_view text_;
};

/// True when the text is a token: a header name or a method.
bool isToken(std::string_view text) noexcept;
/// A host with an optional port: letters, digits and the few other characters of names and IP
/// literals; or nothing.
bool isAuthority(std::string_view text) noexcept;
/// True when the text has no CR, LF, NUL or other control character (tab is allowed).
bool isFieldValue(std::string_view text) noexcept;
/// Writes the canonical MIME form (`x-api-key` becomes `X-Api-Key`) of a token; other text is left
/// as it is.
void canonicalise(char* name, std::size_t size) noexcept;

}  // namespace tykpp::http
