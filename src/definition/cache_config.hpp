#pragma once
// The response cache in tyk.conf; what is kept is up to the APIs (cache_rules.hpp).

#include <chrono>
#include <cstdint>

#include "definition/storage_config.hpp"

namespace tykpp::definition {

struct CacheConfig {
  bool separate_store = false;  ///< `enable_separate_cache_store`: answers go to `storage` below
  StorageConfig storage;        ///< `cache_storage`
  // Ours.
  std::int64_t max_answer_size = 1024 * 1024;     ///< bytes of the body of an answer that is kept
  std::chrono::milliseconds lookup_timeout{200};  ///< a request waits so long for a kept answer
};

}  // namespace tykpp::definition
