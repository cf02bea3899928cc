#pragma once
// The rows of the key table, split over several sources by subject.

#include <span>

#include "definition/config_keys.hpp"

namespace tykpp::definition {

/// One row as written down; the variable's name is derived from the path unless `env` gives it.
struct KeyRow {
  const char* path;
  KeyType type;
  KeyState state;
  const char* default_text;
  const char* text;
  const char* env = nullptr;  ///< after TYK_GW_; "" when the key has no variable
  bool redacted = false;
};

/// Rows under one heading.
struct KeyGroup {
  const char* title;
  std::span<const KeyRow> rows;
};

std::span<const KeyGroup> gatewayKeyGroups();   ///< listener, server options, APIs, upstream, ours
std::span<const KeyGroup> securityKeyGroups();  ///< certificates, keys, limits
std::span<const KeyGroup> serviceKeyGroups();   ///< analytics, plugins, logs, KV, what is ignored

// Blocks that occur under several prefixes; their paths are relative.
std::span<const KeyRow> storageRows();
std::span<const KeyRow> exporterRows();
std::span<const KeyRow> traceRows();
std::span<const KeyRow> metricRows();
std::span<const KeyRow> proxyRows();
std::span<const KeyRow> mtlsRows();

namespace key_rows {
// Short names keep a row on one line.
inline constexpr auto kStr = KeyType::kString;
inline constexpr auto kBool = KeyType::kBool;
inline constexpr auto kInt = KeyType::kInt;
inline constexpr auto kFloat = KeyType::kFloat;
inline constexpr auto kDur = KeyType::kDuration;
inline constexpr auto kList = KeyType::kStringList;
inline constexpr auto kMap = KeyType::kStringMap;
inline constexpr auto kObj = KeyType::kObject;
inline constexpr auto kArr = KeyType::kArray;
inline constexpr auto kJsonObj = KeyType::kJsonObject;
inline constexpr auto kJsonArr = KeyType::kJsonArray;
inline constexpr auto kYes = KeyState::kBuilt;
inline constexpr auto kNot = KeyState::kNotBuilt;
inline constexpr auto kNil = KeyState::kNoEffect;
inline constexpr bool kSecret = true;
}  // namespace key_rows

}  // namespace tykpp::definition
