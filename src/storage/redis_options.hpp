#pragma once
// How to speak to Redis beyond its address: one server, sentinels or a cluster; TLS; limits.

#include <chrono>
#include <cstddef>
#include <string>

#include "storage/redis_address.hpp"

namespace tykpp::storage {

/// TLS towards Redis and its sentinels. Source: `storage.use_ssl` and its neighbours.
struct RedisTls {
  bool enabled = false;
  bool verify = true;     ///< false: `ssl_insecure_skip_verify`
  std::string ca_file;    ///< empty: the system's authorities
  std::string cert_file;  ///< with key_file: the client's certificate, PEM
  std::string key_file;
  std::string min_version;  ///< `1.0` to `1.3`; empty: 1.2
  std::string max_version;  ///< empty: 1.3
};

/// Everything about one Redis deployment. Source: `storage`.
struct RedisOptions {
  RedisAddress address;           ///< servers; with `master_name` the sentinels
  std::string master_name;        ///< not empty: sentinels are asked who is master. `master_name`
  std::string sentinel_password;  ///< empty: no AUTH towards sentinels
  bool cluster = false;           ///< `enable_cluster`; `master_name` goes first
  RedisTls tls;
  std::size_t max_waiting = 10'000;           ///< commands without an answer, per loop and server
  std::size_t max_waiting_bytes = 64U << 20;  ///< their text
  std::chrono::milliseconds longest_pause{1000};     ///< between two attempts to connect
  std::chrono::milliseconds subscribe_pause{10000};  ///< before a lost subscription is made anew
};

}  // namespace tykpp::storage
