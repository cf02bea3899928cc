#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/log.hpp"
#include "cli/commands.hpp"
#include "cli/line_diff.hpp"
#include "cli/plugin_author.hpp"
#include "definition/config_loader.hpp"
#include "gateway/plugin_trial.hpp"

namespace tykpp::cli {
namespace {

namespace fs = std::filesystem;
using gateway::TrialOutcome;

constexpr std::uintmax_t kMaxFile = 64U << 20;

int testFailed(const std::string& text) {
  std::fprintf(stderr, "tykpp plugin test: %s\n", text.c_str());
  return 1;
}

Result<std::string> readFile(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return Error(Errc::kIo, path.string() + ": no such file");
  if (fs::file_size(path, error) > kMaxFile)
    return Error(Errc::kIo, path.string() + ": above 64 MB");
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error(Errc::kIo, path.string() + ": can't be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// The named file, or the one of that name beside the definition where there is one.
Result<std::string> inputFile(const std::string& named, const fs::path& folder, const char* usual) {
  if (!named.empty()) return readFile(named);
  std::error_code error;
  return fs::exists(folder / usual, error) ? readFile(folder / usual) : Result<std::string>("");
}

std::optional<drivers::Hook> hookOf(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(drivers::Hook::kAnalytics); ++i) {
    const auto hook = static_cast<drivers::Hook>(i);
    if (drivers::hookName(hook) == name) return hook;
  }
  return std::nullopt;
}

Result<gateway::TrialInput> inputOf(const PluginTestFlags& flags) {
  gateway::TrialInput input;
  fs::path definition = flags.definition;
  std::error_code error;
  if (fs::is_directory(definition, error)) definition /= "api.json";
  if (!fs::is_regular_file(definition, error))
    return Error(Errc::kIo, definition.string() + ": no such file");
  input.definition = definition.string();
  input.function = flags.function;
  if (!flags.hook.empty()) {
    input.hook = hookOf(flags.hook);
    if (!input.hook) {
      return Error(Errc::kBadRequest,
                   "--hook is pre, auth, post_auth, post, response or "
                   "analytics, not \"" +
                       flags.hook + "\"");
    }
  }
  const fs::path folder = definition.parent_path();
  auto request = inputFile(flags.request, folder, "request.http");
  auto response = inputFile(flags.response, folder, "response.http");
  auto session = inputFile(flags.session, folder, "session.json");
  for (const auto* file : {&request, &response, &session}) {
    if (!*file) return file->error();
  }
  input.request = std::move(*request);
  input.response = std::move(*response);
  input.session = std::move(*session);
  return input;
}

std::string milliseconds(std::chrono::nanoseconds took) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f ms", static_cast<double>(took.count()) / 1e6);
  return text;
}

std::string ending(const TrialOutcome& out) {
  switch (out.end) {
    case TrialOutcome::End::kContinued:
      return "goes on";
    case TrialOutcome::End::kAnswered:
      return "answers";
    case TrialOutcome::End::kDropped:
      return "drops the record";
    case TrialOutcome::End::kFailed:
      break;
  }
  return "fails";
}

void printChange(const char* what, const std::string& before, const std::string& after) {
  if (before == after) {
    std::printf("%s: nothing changed\n", what);
  } else {
    std::printf("%s:\n%s", what, lineDiff(before, after).c_str());
  }
}

void print(const TrialOutcome& out) {
  std::printf("%s hook %s (%s%s%s) %s after %s\n", out.hook.c_str(), out.function.c_str(),
              out.driver.c_str(), out.file.empty() ? "" : ", ", out.file.c_str(),
              ending(out).c_str(), milliseconds(out.took).c_str());
  if (out.end == TrialOutcome::End::kFailed) {
    std::printf("reason: %s\nthe client gets: %d %s\n", out.reason.c_str(),
                static_cast<int>(out.status), out.message.c_str());
    return;
  }
  const char* const what = out.hook == "response"    ? "response"
                           : out.hook == "analytics" ? "record"
                                                     : "request";
  printChange(what, out.before, out.after);
  if (!out.session_before.empty() || !out.session_after.empty()) {
    printChange("session", out.session_before, out.session_after);
  }
  if (!out.answer.empty()) std::printf("answer:\n%s", lineDiff(out.answer, out.answer).c_str());
}

}  // namespace

int testPlugin(const PluginTestFlags& flags) {
  const auto input = inputOf(flags);
  if (!input) return testFailed(input.error().message());
  definition::GatewayConfig config;
  if (!flags.conf.empty()) {
    auto loaded = definition::loadConfig({flags.conf}, definition::Environment::process());
    if (!loaded) return testFailed(loaded.error().message());
    if (!loaded->ok()) return testFailed(flags.conf + " has errors; tykpp lint lists them");
    config = std::move(loaded->config);
  } else {
    config.working_directory = fs::current_path().string();
    config.plugins.enable_jsvm = true;
    config.plugins.enable_coprocess = true;
  }
  log::init(flags.debug ? "debug" : "info", log::Format::kText);
  definition::Problems problems;
  const auto outcome = gateway::tryPlugin(config, *input, problems);
  log::shutdown();
  for (const definition::Problem& problem : problems) cli::print(problem);
  if (!outcome) {
    const Error& error = outcome.error();
    return testFailed(error.message() + (error.detail().empty() ? "" : ": " + error.detail()));
  }
  print(*outcome);
  return outcome->end == TrialOutcome::End::kFailed ? 1 : 0;
}

}  // namespace tykpp::cli
