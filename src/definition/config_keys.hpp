#pragma once
// The one table of configuration keys. The loader, the lint command, the default file and the
// reference in docs/ all read it; a key that is not in it is unknown.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tykpp::definition {

/// What a key's value may be, in the file and in the environment.
enum class KeyType : std::uint8_t {
  kString,
  kBool,
  kInt,
  kFloat,
  kDuration,    ///< file: integer nanoseconds; environment: text such as `10s`
  kStringList,  ///< environment: comma-separated
  kStringMap,   ///< environment: `key:value` pairs, comma-separated
  kObject,      ///< free JSON object; not settable by the environment
  kArray,       ///< free JSON array; not settable by the environment
  kJsonObject,  ///< free JSON object; the environment has it as JSON text
  kJsonArray,   ///< JSON array of objects; the environment has it as JSON text
};

/// Whether setting a key does anything.
enum class KeyState : std::uint8_t {
  kBuilt,     ///< read by this release
  kNotBuilt,  ///< reported at start by name when it is set
  kNoEffect,  ///< accepted for compatibility; means nothing to a stand-alone gateway
};

/// One configuration key.
struct ConfigKey {
  std::string path;  ///< dotted JSON path: `http_server_options.read_timeout`
  std::string env;   ///< variable name with its prefix, empty when there is none
  KeyType type = KeyType::kString;
  KeyState state = KeyState::kNotBuilt;
  bool redacted = false;     ///< never shown
  bool env_only = false;     ///< has a variable and no place in the file
  std::string default_text;  ///< the value that counts when the key is missing
  std::string text;          ///< meaning and unit
  std::string group;         ///< heading in the reference
};

/// Every key in the order of the reference. Built once; lives as long as the process. Thread: any.
const std::vector<ConfigKey>& configKeys();
/// The key of a dotted path, or null.
const ConfigKey* findConfigKey(std::string_view path);
/// `string`, `integer`, … as error messages and the reference call it.
std::string_view keyTypeName(KeyType type) noexcept;
/// The text of docs/reference/configuration.md.
std::string renderConfigReference();

}  // namespace tykpp::definition
