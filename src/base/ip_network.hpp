#pragma once
// IP addresses and networks as access lists hold them.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tykpp {

/// An address of either family; an IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is the IPv4 one.
class IpAddress {
 public:
  /// @return nothing when the text is no address; zones and brackets are none
  static std::optional<IpAddress> parse(std::string_view text) noexcept;
  bool isV4() const noexcept { return v4_; }
  bool operator==(const IpAddress&) const = default;

 private:
  friend class IpNetwork;
  std::array<std::uint8_t, 16> bytes_{};  // the first four of an IPv4 address
  bool v4_ = false;
};

/// `10.0.0.0/8`, `2001:db8::/32`, or one address.
class IpNetwork {
 public:
  /// @return nothing when the text is neither
  static std::optional<IpNetwork> parse(std::string_view text) noexcept;
  bool contains(const IpAddress& address) const noexcept;

 private:
  IpAddress address_;
  unsigned bits_ = 0;  // leading bits that have to be the same
};

}  // namespace tykpp
