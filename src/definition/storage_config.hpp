#pragma once
// The store of keys, counters and messages in tyk.conf.

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace tykpp::definition {

/// `storage`: where keys, counters and messages are. Empty type: as `embedded`.
struct StorageConfig {
  std::string type;                    ///< `redis` or `embedded` (ours)
  std::string file = "tykpp-keys.db";  ///< ours: of the embedded store
  std::string host;
  int port = 0;
  std::vector<std::string> addrs;
  std::string username;
  std::string password;
  int database = 0;
  std::chrono::seconds timeout{5};
  std::map<std::string, std::string> hosts;  ///< deprecated: host to port
  std::string master_name;                   ///< not empty: sentinels
  std::string sentinel_password;
  bool enable_cluster = false;
  bool use_ssl = false;
  bool ssl_insecure_skip_verify = false;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string tls_min_version;  ///< empty: 1.2
  std::string tls_max_version;  ///< empty: 1.3
};

}  // namespace tykpp::definition
