#pragma once
// Environment variables as a value, so that loading can be tried with any set of them.

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tykpp::definition {

/// A set of environment variables: the process's own or a given one. Thread: main (the process's is
/// not locked).
class Environment {
 public:
  /// A fixed set, for tests and tools.
  explicit Environment(std::map<std::string, std::string> variables)
      : variables_(std::move(variables)) {}
  /// The variables of this process, looked up when asked for.
  static const Environment& process();

  /// @return the value, also when it is empty; nothing when the variable is not set.
  std::optional<std::string> get(const std::string& name) const;
  /// Every variable whose name starts with `prefix`, by name.
  std::map<std::string, std::string> withPrefix(std::string_view prefix) const;

 private:
  Environment() = default;
  bool of_process_ = false;
  std::map<std::string, std::string> variables_;
};

}  // namespace tykpp::definition
