#pragma once
// Who may call an API before anybody asks for a key: addresses and origins.

#include <string>
#include <vector>

namespace tykpp::definition {

/// `allowed_ips`, `blacklisted_ips`: addresses and networks as written. Empty where the list does
/// not count (`ip_access_control_disabled` without the list's own switch).
struct IpAccess {
  std::vector<std::string> allowed;
  std::vector<std::string> blocked;
};

/// `CORS`
struct Cors {
  bool enabled = false;
  std::vector<std::string> allowed_origins;  ///< empty or with `*`: all; an entry may hold one `*`
  std::vector<std::string> allowed_methods;  ///< empty: GET, POST and HEAD
  std::vector<std::string> allowed_headers;  ///< empty: accept, content-type, x-requested-with
  std::vector<std::string> exposed_headers;
  bool allow_credentials = false;
  int max_age = 0;                   ///< seconds; 0: not said, negative: said to be 0
  bool options_passthrough = false;  ///< OPTIONS requests pass every step; counts without `enable`
};

}  // namespace tykpp::definition
