#include "gateway/key_store.hpp"

namespace tykpp::gateway {
namespace {

constexpr int kRedisPort = 6379;

storage::RedisOptions redisOptions(const definition::StorageConfig& config) {
  storage::RedisOptions options;
  options.address = redisAddress(config);
  options.master_name = config.master_name;
  options.sentinel_password = config.sentinel_password;
  options.cluster = config.enable_cluster;
  options.tls.enabled = config.use_ssl;
  options.tls.verify = !config.ssl_insecure_skip_verify;
  options.tls.ca_file = config.ca_file;
  options.tls.cert_file = config.cert_file;
  options.tls.key_file = config.key_file;
  options.tls.min_version = config.tls_min_version;
  options.tls.max_version = config.tls_max_version;
  return options;
}

}  // namespace

storage::RedisAddress redisAddress(const definition::StorageConfig& config) {
  storage::RedisAddress address;
  address.addresses = config.addrs;
  if (address.addresses.empty()) {
    for (const auto& [host, port] : config.hosts) address.addresses.push_back(host + ":" + port);
  }
  if (address.addresses.empty()) {
    const std::string host = config.host.empty() ? "127.0.0.1" : config.host;
    address.addresses.push_back(host + ":" +
                                std::to_string(config.port == 0 ? kRedisPort : config.port));
  }
  address.username = config.username;
  address.password = config.password;
  address.database = config.database;
  address.timeout = config.timeout;
  return address;
}

Result<std::unique_ptr<storage::KeyStore>> openKeyStore(const definition::StorageConfig& config) {
  if (config.type == "redis") return storage::makeRedisKeyStore(redisOptions(config));
  storage::EmbeddedOptions options;
  options.file = config.file;
  options.timeout = config.timeout;
  return storage::makeEmbeddedKeyStore(std::move(options));
}

}  // namespace tykpp::gateway
