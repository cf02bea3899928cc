#include "definition/lint.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cli/commands.hpp"
#include "definition/api_loader.hpp"
#include "definition/config_loader.hpp"
#include "events/handlers.hpp"

namespace tykpp::cli {
namespace {

/// One line a problem: file, JSON pointer, reason. @return whether any is an error
bool report(const std::string& file, const definition::Problems& problems) {
  if (problems.empty()) {
    std::printf("found no issues in %s\n", file.c_str());
    return false;
  }
  std::printf("issues found in %s:\n", file.c_str());
  bool errors = false;
  for (const definition::Problem& problem : problems) {
    const bool error = problem.severity == definition::Severity::kError;
    errors = errors || error;
    std::printf("%s: %s: %s: %s\n", problem.file.empty() ? file.c_str() : problem.file.c_str(),
                problem.pointer.empty() ? "/" : problem.pointer.c_str(),
                error ? "error" : "warning", problem.reason.c_str());
  }
  return errors;
}

/// Adds what is wrong with the files of an API's event handlers.
void addEventFiles(const definition::ApiSpec& spec, const definition::GatewayConfig* config,
                   definition::Problems& problems) {
  const definition::GatewayConfig defaults;
  const definition::Problems more =
      events::fileProblems(spec.event_handlers, config == nullptr ? defaults : *config, spec.file);
  problems.insert(problems.end(), more.begin(), more.end());
}

definition::Problems ofFile(const std::string& file, const definition::GatewayConfig* config) {
  definition::ApiSpec spec;
  definition::Problems problems = definition::lintDefinition(file, config, &spec);
  addEventFiles(spec, config, problems);
  return problems;
}

definition::Problems ofConfig(const std::string& file, const definition::GatewayConfig* config) {
  definition::Problems problems = definition::lintConfig(file);
  if (config == nullptr) return problems;
  const definition::Problems more = events::fileProblems(config->event_handlers, *config, file);
  problems.insert(problems.end(), more.begin(), more.end());
  return problems;
}

/// The directory as a whole: what single files cannot show (ids and listen paths used twice) comes
/// with it.
definition::Problems ofDirectory(const definition::GatewayConfig& config) {
  definition::ApiDirectory directory;
  definition::LoadResult loaded = directory.load(config.app_path, config, nullptr);
  for (const auto& spec : loaded.apis) addEventFiles(*spec, &config, loaded.problems);
  return std::move(loaded.problems);
}

std::string chooseConfig(const std::string& conf) {
  if (!conf.empty()) return conf;
  for (const std::string& candidate : definition::defaultConfigCandidates()) {
    std::error_code error;
    if (std::filesystem::exists(candidate, error)) return candidate;
  }
  return definition::defaultConfigCandidates().front();
}

}  // namespace

int lint(const std::string& conf, const std::vector<std::string>& files) {
  const std::string config_file = chooseConfig(conf);
  bool errors = false;
  const auto loaded = definition::loadConfig({config_file}, definition::Environment::process());
  const definition::GatewayConfig* config = loaded ? &loaded->config : nullptr;
  if (files.empty() || !conf.empty()) errors = report(config_file, ofConfig(config_file, config));
  for (const std::string& file : files) errors = report(file, ofFile(file, config)) || errors;
  if (files.empty() && config != nullptr && !config->app_path.empty()) {
    errors = report(config->app_path, ofDirectory(*config)) || errors;
  }
  return errors ? 1 : 0;
}

}  // namespace tykpp::cli
