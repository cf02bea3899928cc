#include "definition/environment.hpp"

#include <unistd.h>

#include <cstdlib>

namespace tykpp::definition {

const Environment& Environment::process() {
  static const Environment environment = [] {
    Environment env;
    env.of_process_ = true;
    return env;
  }();
  return environment;
}

std::optional<std::string> Environment::get(const std::string& name) const {
  if (of_process_) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  }
  const auto found = variables_.find(name);
  if (found == variables_.end()) return std::nullopt;
  return found->second;
}

std::map<std::string, std::string> Environment::withPrefix(std::string_view prefix) const {
  std::map<std::string, std::string> out;
  const auto take = [&](std::string_view name, std::string_view value) {
    if (name.starts_with(prefix)) out.emplace(name, value);
  };
  if (!of_process_) {
    for (const auto& [name, value] : variables_) take(name, value);
    return out;
  }
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    take(line.substr(0, equals), line.substr(equals + 1));
  }
  return out;
}

}  // namespace tykpp::definition
