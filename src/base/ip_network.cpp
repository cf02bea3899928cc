#include "base/ip_network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tykpp {

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  char copy[INET6_ADDRSTRLEN + 1] = {};
  if (text.empty() || text.size() >= sizeof copy) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  if (std::strlen(copy) != text.size()) return std::nullopt;
  IpAddress address;
  if (::inet_pton(AF_INET, copy, address.bytes_.data()) == 1) {
    address.v4_ = true;
    return address;
  }
  if (::inet_pton(AF_INET6, copy, address.bytes_.data()) != 1) return std::nullopt;
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), address.bytes_.begin())) {
    IpAddress inner;
    std::copy_n(address.bytes_.begin() + 12, 4, inner.bytes_.begin());
    inner.v4_ = true;
    return inner;
  }
  return address;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpNetwork network;
  network.address_ = *address;
  const unsigned all = address->isV4() ? 32 : 128;
  network.bits_ = all;
  if (slash == std::string_view::npos) return network;
  const std::string_view digits = text.substr(slash + 1);
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, network.bits_);
  if (digits.empty() || error != std::errc{} || stop != end || network.bits_ > all)
    return std::nullopt;
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
  if (address.v4_ != address_.v4_) return false;
  const unsigned whole = bits_ / 8;
  if (std::memcmp(address.bytes_.data(), address_.bytes_.data(), whole) != 0) return false;
  const unsigned rest = bits_ % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
  return ((address.bytes_[whole] ^ address_.bytes_[whole]) & mask) == 0;
}

}  // namespace tykpp
