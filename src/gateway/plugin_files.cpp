#include "gateway/plugin_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "definition/version_rules.hpp"

namespace tykpp::gateway {
namespace {

/// A directory with more entries than this counts with the first ones; it is no plugin folder.
constexpr std::size_t kMaxEntries = 2000;

/// @param visit  gets paths as they are written, some more than once
void forEachPath(const definition::ApiSpec& spec, const definition::GatewayConfig& config,
                 const auto& visit) {
  if (spec.versioning != nullptr) {
    for (const definition::ApiVersion& version : spec.versioning->versions) {
      forEachPath(*version.spec, config, visit);
    }
  }
  const definition::PluginHooks& hooks = spec.hooks;
  bool scripts = !spec.virtual_endpoints.empty();
  const auto take = [&](const definition::PluginRef& ref) {
    scripts = scripts || ref.driver == "otto";
    visit(ref.path);
    if (ref.driver == "lua" && ref.path.empty() && spec.bundle.parts.empty()) {
      visit(config.working_directory + "/middleware/lua/.");
    }
  };
  for (const auto* list : {&hooks.pre, &hooks.post_auth, &hooks.post, &hooks.response}) {
    for (const definition::PluginRef& ref : *list) take(ref);
  }
  if (hooks.auth) take(*hooks.auth);
  if (hooks.analytics) take(*hooks.analytics);
  for (const definition::EndpointPlugin& endpoint : spec.endpoint_plugins) take(endpoint.plugin);
  for (const definition::VirtualEndpoint& endpoint : spec.virtual_endpoints) {
    if (!endpoint.is_blob) visit(endpoint.source);
  }
  if (scripts) visit(config.plugins.tyk_js_path);
}

void appendStamp(std::string& out, const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    out += file + ":gone\n";
    return;
  }
  // The directory of compiled Python modules changes when a plugin is loaded.
  if (S_ISDIR(status.st_mode) && file.ends_with("__pycache__")) return;
  out += file + ':' + std::to_string(status.st_ino) + ':' + std::to_string(status.st_size) + ':' +
         std::to_string(status.st_mtim.tv_sec) + '.' + std::to_string(status.st_mtim.tv_nsec) +
         ':' + std::to_string(status.st_ctim.tv_sec) + '.' +
         std::to_string(status.st_ctim.tv_nsec) + '\n';
}

}  // namespace

std::set<std::string> pluginDirectories(const definition::ApiSpec& spec,
                                        const definition::GatewayConfig& config) {
  std::set<std::string> directories;
  // No part of the stamp: handlers of events are made anew at every load.
  for (const definition::EventHandler& handler : spec.event_handlers) {
    const std::size_t slash = handler.script.rfind('/');
    if (slash != std::string::npos && slash > 0)
      directories.insert(handler.script.substr(0, slash));
  }
  forEachPath(spec, config, [&](const std::string& path) {
    if (path.empty()) return;
    const std::filesystem::path whole =
        path.front() == '/' ? std::filesystem::path(path)
                            : std::filesystem::path(config.working_directory) / path;
    directories.insert(whole.parent_path().lexically_normal().string());
  });
  return directories;
}

const std::string& PluginStamps::ofDirectory(const std::string& directory) {
  const auto [at, fresh] = directories_.try_emplace(directory);
  if (!fresh) return at->second;
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (files.size() == kMaxEntries) break;
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  std::string text;
  for (const std::string& file : files) appendStamp(text, file);
  at->second = directory + ' ' + std::to_string(files.size()) + ' ' + md5Hex(text) + '\n';
  return at->second;
}

std::string PluginStamps::of(const definition::ApiSpec& spec) {
  std::string stamp = spec.bundle.checksum;
  for (const std::string& directory : pluginDirectories(spec, config_)) {
    stamp += ofDirectory(directory);
  }
  return stamp;
}

}  // namespace tykpp::gateway
