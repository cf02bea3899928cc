#include "admin/impl/definition_files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "admin/impl/safe_files.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::admin {
DefinitionFiles::DefinitionFiles(const definition::GatewayConfig& config)
    : directory_(directoryOf(config, config.app_path)) {}

bool DefinitionFiles::exists(const std::string& name) const {
  struct stat info {};
  return ::stat((directory_ + "/" + name).c_str(), &info) == 0;
}

std::string DefinitionFiles::stem(const std::string& api_id,
                                  const definition::ApiSpec* loaded) const {
  if (loaded == nullptr || exists(api_id + ".json")) return api_id;
  const std::size_t slash = loaded->file.rfind('/');
  const std::string name =
      slash == std::string::npos ? loaded->file : loaded->file.substr(slash + 1);
  if (!name.ends_with(".json") || name.size() <= 5) return api_id;
  // Only what really lies in app_path: the same file by device and number, however the path was
  // written.
  struct stat there {};
  struct stat here {};
  if (::stat(loaded->file.c_str(), &there) != 0 ||
      ::stat((directory_ + "/" + name).c_str(), &here) != 0 || there.st_ino != here.st_ino ||
      there.st_dev != here.st_dev) {
    return api_id;
  }
  return name.substr(0, name.size() - 5);
}

bool DefinitionFiles::wouldReplaceCompanion(const std::string& api_id) const {
  for (const std::string_view suffix : {"-oas", "-mcp"}) {
    if (!api_id.ends_with(suffix)) continue;
    if (exists(api_id.substr(0, api_id.size() - suffix.size()) + ".json")) return true;
  }
  return false;
}

Result<void> DefinitionFiles::write(const std::string& stem, std::string_view classic,
                                    std::string_view oas) const {
  if (!oas.empty()) {
    if (const auto done = replaceFile(directory_, stem + "-oas.json", oas); !done) return done;
  }
  if (const auto done = replaceFile(directory_, stem + ".json", classic); !done) return done;
  return syncDirectory(directory_);
}

Result<void> DefinitionFiles::remove(const std::string& stem, bool companion) const {
  const std::string file = directory_ + "/" + stem;
  if (::unlink((file + ".json").c_str()) != 0) return fileError(file + ".json");
  if (companion && ::unlink((file + "-oas.json").c_str()) != 0 && errno != ENOENT) {
    return fileError(file + "-oas.json");
  }
  return syncDirectory(directory_);
}

}  // namespace tykpp::admin
