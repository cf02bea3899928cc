// `tykpp plugin load`: what the native driver says about a file, without a gateway.
#include <cstdio>
#include <sstream>
#include <utility>

#include "cli/plugin.hpp"
#include "drivers/native/native_driver.hpp"

namespace tykpp::cli {
namespace {

/// There are no workers: nothing is called, so nothing is asked for.
class NoWorkers final : public drivers::WorkerServices {
 public:
  void post(std::uint32_t /*worker*/, std::function<void()> /*fn*/) override {}
  void callAt(std::uint32_t /*worker*/, Clock::time_point /*when*/,
              std::function<void()> /*fn*/) override {}
};

/// Kinds of functions, by one hook that each can stand at.
constexpr std::pair<drivers::Hook, const char*> kKinds[] = {
    {drivers::Hook::kPre, "a function for requests"},
    {drivers::Hook::kResponse, "a function for responses"},
    {drivers::Hook::kAnalytics, "a function for traffic records"},
};

bool tryOne(drivers::PluginDriver& driver, const std::string& file, const std::string& symbol) {
  definition::PluginRef ref;
  ref.name = symbol;
  ref.path = file;
  const definition::ApiSpec nobody;
  std::string why;
  for (const auto& [hook, kind] : kKinds) {
    const auto loaded = driver.load(ref, hook, nobody);
    if (loaded) {
      std::printf("[file=%s, symbol=%s] loaded ok, got %s\n", file.c_str(), symbol.c_str(), kind);
      return true;
    }
    if (why.empty()) why = loaded.error().message();
  }
  std::fprintf(stderr, "[file=%s, symbol=%s] unexpected error: %s\n", file.c_str(), symbol.c_str(),
               why.c_str());
  return false;
}

}  // namespace

int loadPlugin(const std::string& files, const std::string& symbol) {
  NoWorkers services;
  drivers::native::NativeDriver driver({}, services);
  std::istringstream list(files);
  bool good = true;
  for (std::string file; std::getline(list, file, ',');) {
    if (!file.empty()) good = tryOne(driver, file, symbol) && good;
  }
  return good ? 0 : 1;
}

}  // namespace tykpp::cli
