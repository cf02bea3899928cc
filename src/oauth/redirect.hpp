#pragma once
// Redirect addresses of clients: whether one may be used, and what is added to it.

#include <map>
#include <string>
#include <string_view>

namespace tykpp::oauth {

/// Whether an address belongs to one that is registered: same scheme and host, its path begins with
/// the registered one, no fragment and no step upwards.
/// @param separator  between several registered ones; empty: there is one
bool isRegistered(std::string_view registered, std::string_view redirect,
                  std::string_view separator);
/// The first that is registered.
std::string_view firstOf(std::string_view registered, std::string_view separator) noexcept;
/// The address with more query members, or with a fragment in their form. Members are sorted by
/// name, those that the address has already included.
std::string withMembers(std::string_view redirect,
                        const std::map<std::string, std::string>& members, bool as_fragment);

}  // namespace tykpp::oauth
