#include "upstream/endpoint_cache.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/ascii.hpp"

namespace tykpp::upstream {
namespace {

struct Authority {
  std::string_view host;  ///< without brackets
  std::uint16_t port = 0;
};

constexpr std::size_t kMostHostBytes = 255;

std::optional<std::uint16_t> portOf(std::string_view text, bool tls) noexcept {
  if (text.empty()) return tls ? std::uint16_t{443} : std::uint16_t{80};
  unsigned number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc{} || end != text.data() + text.size() || number == 0 || number > 65535)
    return std::nullopt;
  return static_cast<std::uint16_t>(number);
}

bool isHostByte(char c) noexcept {
  return (toLower(c) >= 'a' && toLower(c) <= 'z') || isDigit(c) || c == '.' || c == '-' || c == '_';
}

/// RFC 3986 section 3.2.2, without escapes.
std::optional<Authority> split(std::string_view text, bool tls) {
  std::string_view port;
  Authority out;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    out.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (out.host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
      return std::nullopt;
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    out.host = text.substr(0, colon);
    port = text.substr(colon);
    if (!std::all_of(out.host.begin(), out.host.end(), isHostByte)) return std::nullopt;
  }
  if (out.host.empty() || out.host.size() > kMostHostBytes) return std::nullopt;
  if (!port.empty() && port.front() != ':') return std::nullopt;
  const auto number = portOf(port.empty() ? port : port.substr(1), tls);
  if (!number) return std::nullopt;
  out.port = *number;
  return out;
}

}  // namespace

Result<EndpointCache::Found> EndpointCache::get(const Endpoint& model, const Endpoint::Trust& trust,
                                                bool tls, std::string_view authority) {
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  const auto wanted = split(authority, tls);
  if (!wanted) return Error(Errc::kBadRequest, "no host and port");
  const auto found =
      std::find_if(known_.begin(), known_.end(), [&](const std::shared_ptr<const Endpoint>& known) {
        const EndpointKey& key = known->key();
        return key.port == wanted->port && key.tls == tls &&
               equalsIgnoreCase(key.host, wanted->host) &&
               (!tls || (known->tlsContext() == model.tlsContext() && known->trust() == trust));
      });
  if (found != known_.end()) {
    std::rotate(known_.begin(), found, found + 1);
    return Found{known_.front(), authority};
  }
  if (known_.size() >= most_) known_.pop_back();
  known_.insert(known_.begin(), model.sibling(lowered(wanted->host), wanted->port, tls, trust));
  return Found{known_.front(), authority};
}

}  // namespace tykpp::upstream
