#pragma once
// Keys and their sessions, as far as plugins may look at and write them (`TykGetKeyData`,
// `TykSetKeyData`).

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.hpp"

namespace tykpp::drivers {

/// Implemented by whoever keeps the keys. Must outlive the drivers.
class KeyAccess {
 public:
  virtual ~KeyAccess() = default;
  using Got = std::function<void(Result<std::string>)>;
  /// Reads a key's session as JSON text, with its policies applied and `quota_remaining` filled.
  /// `done` runs on that worker, never inside getKey(). @error kNotFound: there is no such key
  virtual void getKey(std::uint32_t worker, std::string key, std::string api_id, Got done) = 0;
  using Set = std::function<void(Result<void>)>;
  /// Stores a session under a key. `done` as above. @error kBadRequest: no session in that JSON
  virtual void setKey(std::uint32_t worker, std::string key, std::string session_json,
                      bool suppress_quota_reset, Set done) = 0;
};

}  // namespace tykpp::drivers
