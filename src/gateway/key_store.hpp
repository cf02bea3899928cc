#pragma once
// Which store of keys the configuration asks for.

#include <memory>

#include "definition/gateway_config.hpp"
#include "storage/key_store.hpp"

namespace tykpp::gateway {

/// Source: `storage`. @error kBadConfig  certificates or TLS versions that cannot be used
Result<std::unique_ptr<storage::KeyStore>> openKeyStore(const definition::StorageConfig& config);
/// Where Redis is.
storage::RedisAddress redisAddress(const definition::StorageConfig& config);

}  // namespace tykpp::gateway
