#pragma once
// Where Redis is.

#include <chrono>
#include <string>
#include <vector>

namespace tykpp::storage {

/// Where Redis is and how to speak to it. Source: `storage`.
struct RedisAddress {
  std::vector<std::string> addresses;  ///< `host:port`, tried in order; `[::1]:6379` for IPv6
  std::string username;                ///< with a password: ACL user
  std::string password;                ///< empty: no AUTH
  int database = 0;
  std::chrono::milliseconds timeout{5000};  ///< for connecting and for each answer
};

/// A command's words.
using RedisCommand = std::vector<std::string>;

/// What a new connection says first: AUTH and SELECT, as far as they are configured.
std::vector<RedisCommand> greeting(const RedisAddress& address);

}  // namespace tykpp::storage
