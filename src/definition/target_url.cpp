#include "definition/target_url.hpp"

#include <array>
#include <charconv>
#include <optional>

#include "base/ascii.hpp"
#include "base/text.hpp"

namespace tykpp::definition {
namespace {

Error bad(std::string_view text, std::string_view reason) {
  std::string shown(text.substr(0, 200));
  return {Errc::kBadDefinition,
          "couldn't parse target URL: \"" + shown + "\": " + std::string(reason)};
}

std::optional<std::string> percentDecoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hexValue(text[i + 1]);
    const int low = hexValue(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

/// Percent-encodes what may not stand in a request target; escapes that are there stay.
std::string encoded(std::string_view text) {
  constexpr std::string_view kUnsafe = " \"<>\\^`{|}";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x7f || byte < 0x20 || kUnsafe.find(c) != std::string_view::npos) {
      out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    } else {
      out.push_back(c);
    }
  }
  return out;
}

struct SchemePort {
  std::string_view scheme;
  std::uint16_t port;
};
constexpr std::array<SchemePort, 6> kSchemes{
    {{"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}, {"h2c", 80}, {"tyk", 0}}};

/// Splits `host[:port]` and fills host, port and host_header. @return what is wrong, empty when
/// nothing is
std::string_view splitAuthority(std::string_view authority, TargetUrl& url) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return "missing ']' in host";
    host = authority.substr(1, close - 1);
    const std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return "invalid port after host";
    if (!rest.empty()) port = rest.substr(1);
    if (host.find_first_not_of("0123456789abcdefABCDEF:.%") != std::string_view::npos) {
      return "invalid IPv6 address";
    }
  } else if (const std::size_t colon = authority.rfind(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    if (host.find(':') != std::string_view::npos) return "invalid port after host";
  }
  if (host.empty()) return "the host is missing";
  if (host.find_first_of(" \"<>\\^`{|}#[]%") != std::string_view::npos &&
      !authority.starts_with('[')) {
    return "invalid character in host name";
  }
  if (!port.empty()) {
    unsigned number = 0;
    const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (ec != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535) {
      return "invalid port, it has to be 1 to 65535";
    }
    url.port = static_cast<std::uint16_t>(number);
  }
  url.host = lowered(host);
  url.host_header =
      authority.ends_with(':') ? authority.substr(0, authority.size() - 1) : authority;
  return {};
}

}  // namespace

Result<TargetUrl> parseTargetUrl(std::string_view text) {
  if (text.empty()) return bad(text, "it is empty");
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return bad(text, "invalid control character");
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0)
    return bad(text, "it has no scheme such as http://");
  TargetUrl url;
  url.text = text;
  url.scheme = lowered(text.substr(0, colon));
  bool known = false;
  for (const SchemePort& entry : kSchemes) {
    if (entry.scheme != url.scheme) continue;
    url.port = entry.port;
    known = true;
  }
  if (!known) return bad(text, "unknown scheme, http, https, ws and wss are served");
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t authority_end = rest.find_first_of("/?");
  const std::string_view reason = splitAuthority(rest.substr(0, authority_end), url);
  if (!reason.empty()) return bad(text, reason);
  rest = authority_end == std::string_view::npos ? std::string_view{} : rest.substr(authority_end);
  const std::size_t question = rest.find('?');
  const std::string_view path = rest.substr(0, question);
  auto decoded = percentDecoded(path);
  if (!decoded) return bad(text, "invalid percent escape in the path");
  url.path = std::move(*decoded);
  url.raw_path = encoded(path);
  if (question != std::string_view::npos) url.query = encoded(rest.substr(question + 1));
  return url;
}

Result<TargetUrl> parseListTarget(std::string_view text, std::string_view protocol) {
  const std::string_view target = trim(text);
  if (target.find("://") != std::string_view::npos) return parseTargetUrl(target);
  const std::string_view scheme = trim(protocol).empty() ? "http" : trim(protocol);
  return parseTargetUrl(std::string(scheme) + "://" + std::string(target));
}

}  // namespace tykpp::definition
