#pragma once
// Values of configuration keys: from JSON and from variables, checked against the key table.

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "base/error.hpp"
#include "definition/config_keys.hpp"
#include "definition/environment.hpp"
#include "definition/gateway_config.hpp"
#include "definition/impl/json_text.hpp"
#include "definition/impl/shape.hpp"

namespace tykpp::definition {

/// A value that was given for a key.
struct GivenValue {
  Json value;
  std::string place;  ///< JSON pointer, or the variable's name
  bool from_env = false;
};
using GivenValues = std::unordered_map<const ConfigKey*, GivenValue>;

/// Walks a parsed tyk.conf, checks types, collects the value of each key. Nulls count as missing.
void collectFromFile(const Json& document, Unknown unknown, Report& report, GivenValues& given);

/// Reads every key's variable; what is set replaces the file's value.
void collectFromEnv(const Environment& env, Report& report, GivenValues& given);

/// A variable's text as the key's type. @error kBadConfig naming the type, and the value unless it
/// is redacted
Result<Json> valueFromText(const ConfigKey& key, const std::string& text);

/// The value says something: neither zero or empty nor what holds anyway.
bool isNonDefault(const ConfigKey& key, const Json& value);

/// Puts a value of the right type into its member. @return what is wrong with it, empty when
/// nothing is
std::string bindValue(std::string_view path, const Json& value, GatewayConfig& config);
/// The key has a member.
bool isBound(std::string_view path);

}  // namespace tykpp::definition
