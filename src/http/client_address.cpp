#include "http/client_address.hpp"

#include "base/ascii.hpp"
#include "base/ip_network.hpp"
#include "http/exchange.hpp"

namespace tykpp::http {
namespace {

/// The entry that counts; nothing beyond the list.
bool pick(std::string_view list, int depth, std::string_view& entry) noexcept {
  if (depth <= 0) {
    entry = list.substr(0, list.find(','));
    return true;
  }
  for (int seen = 1;; ++seen) {
    const std::size_t comma = list.rfind(',');
    if (seen == depth) {
      entry = comma == std::string_view::npos ? list : list.substr(comma + 1);
      return true;
    }
    if (comma == std::string_view::npos) return false;
    list = list.substr(0, comma);
  }
}

}  // namespace

std::string_view clientAddress(const Exchange& exchange, int xff_depth) noexcept {
  const Headers& headers = exchange.request().headers;
  const std::string_view real = trim(headers.get(HeaderId::kXRealIp));
  if (IpAddress::parse(real)) return real;
  const std::string_view forwarded = headers.get(HeaderId::kXForwardedFor);
  if (forwarded.empty()) return exchange.peer.address;
  std::string_view entry;
  if (!pick(forwarded, xff_depth, entry)) return {};
  entry = trim(entry);
  return IpAddress::parse(entry) ? entry : exchange.peer.address;
}

}  // namespace tykpp::http
