#pragma once
// How a JSON value, whose type was checked, becomes a setting. Each function answers with what is
// wrong with the value, or with nothing.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "base/ascii.hpp"
#include "definition/impl/config_values.hpp"

namespace tykpp::definition::setters {

/// Longest time that a setting in seconds may give: sums with the clock must not overflow.
inline constexpr std::int64_t kMaxSeconds = 10LL * 365 * 24 * 3600;

inline std::string text(const Json& value) { return *value.get_ptr<const std::string*>(); }

inline std::string setText(std::string& out, const Json& value) {
  out = text(value);
  return {};
}
/// Empty text leaves the default.
inline std::string setName(std::string& out, const Json& value) {
  if (std::string given = text(value); !given.empty()) out = std::move(given);
  return {};
}
inline std::string setFlag(bool& out, const Json& value) {
  out = value.get<bool>();
  return {};
}
template <class Duration>
inline std::string setTime(Duration& out, const Json& value, std::int64_t max) {
  const auto given = value.get<std::int64_t>();
  if (given > max) return "has to be at most " + std::to_string(max);
  if (given > 0) out = Duration(given);  // nought and less: the default
  return {};
}
inline std::string setSeconds(std::chrono::seconds& out, const Json& value) {
  return setTime(out, value, kMaxSeconds);
}
template <class Int>
inline std::string setCount(Int& out, const Json& value, std::int64_t min, std::int64_t max) {
  const auto given = value.get<std::int64_t>();
  if (given < min || given > max) {
    return "has to be " + std::to_string(min) + " to " + std::to_string(max);
  }
  out = static_cast<Int>(given);
  return {};
}
inline std::string setBytes(std::int64_t& out, const Json& value) {
  // Below nought means no limit, as nought does.
  out = std::max<std::int64_t>(0, value.get<std::int64_t>());
  return {};
}
/// A limit that has to be there: nought and less leave the default.
inline std::string setLimit(std::int64_t& out, const Json& value) {
  if (const auto given = value.get<std::int64_t>(); given > 0) out = given;
  return {};
}
inline std::string setTlsVersion(int& out, const Json& value) {
  const auto given = value.get<std::int64_t>();
  if (given != 0 && (given < 769 || given > 772)) {
    return "has to be 769, 770, 771 or 772 (TLS 1.0 to 1.3), or 0";
  }
  out = static_cast<int>(given);
  return {};
}
inline std::string setList(std::vector<std::string>& out, const Json& value) {
  out.clear();
  for (const Json& element : value) out.push_back(text(element));
  return {};
}
inline std::string setMap(std::map<std::string, std::string>& out, const Json& value) {
  out.clear();
  for (const auto& [name, element] : value.items()) out[name] = text(element);
  return {};
}
inline std::string setOneOf(std::string& out, const Json& value,
                            std::initializer_list<const char*> allowed) {
  const std::string given = text(value);
  if (given.empty()) return {};
  std::string names;
  for (const char* name : allowed) {
    if (given == name) {
      out = given;
      return {};
    }
    names += names.empty() ? name : std::string(", ") + name;
  }
  return "\"" + given + "\" is none of: " + names;
}

/// Which member a built key fills.
struct Binding {
  std::string_view path;
  std::string (*set)(GatewayConfig&, const Json&);
};

/// Keys of identity: keys, policies, limits, certificates, the store.
std::span<const Binding> identityBindings();
/// TLS on the listeners, certificates, ports that APIs open.
std::span<const Binding> tlsBindings();
std::span<const Binding> analyticsBindings();

// clang-format off
#define TYKPP_BIND(path_, setter_, member_, ...) \
  {path_, [](GatewayConfig& c, const Json& v) { return setter_(c.member_, v __VA_OPT__(,) __VA_ARGS__); }}
// clang-format on

}  // namespace tykpp::definition::setters
