// `tykpp plugin build`: finds the Go compiler and the SDK, and lets the SDK's own build program do
// the rest.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <vector>

#include "cli/plugin.hpp"

#ifndef TYKPP_SOURCE_DIR
#define TYKPP_SOURCE_DIR ""
#endif

extern char** environ;

namespace tykpp::cli {
namespace {

namespace fs = std::filesystem;

int buildFailed(const std::string& text) {
  std::fprintf(stderr, "error: %s\n", text.c_str());
  return 1;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool runnable(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

/// The go command: as named, else of PATH, else where Go's own packages put it.
std::optional<std::string> findGo(const std::string& named) {
  const std::string wanted = named.empty() ? "go" : named;
  if (wanted.find('/') != std::string::npos) {
    return runnable(wanted) ? std::optional(fs::absolute(wanted).string()) : std::nullopt;
  }
  std::istringstream path(environment("PATH"));
  for (std::string folder; std::getline(path, folder, ':');) {
    if (runnable(fs::path(folder) / wanted)) return (fs::path(folder) / wanted).string();
  }
  const fs::path usual = "/usr/local/go/bin/go";
  return named.empty() && runnable(usual) ? std::optional(usual.string()) : std::nullopt;
}

bool isSdk(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "tyk" / "go.mod", error) &&
         fs::is_regular_file(folder / "build" / "main.go", error);
}

/// The SDK: as named, else installed beside this program, else of the source tree it was built
/// from.
std::optional<fs::path> findSdk(const std::string& named) {
  if (!named.empty()) return isSdk(named) ? std::optional(fs::absolute(named)) : std::nullopt;
  if (const std::string set = environment("TYKPP_GO_SDK"); !set.empty()) {
    return isSdk(set) ? std::optional(fs::absolute(set)) : std::nullopt;
  }
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& folder : {here / "../share/tykpp/plugins/go/sdk", here / "plugins/go/sdk",
                                 fs::path(TYKPP_SOURCE_DIR) / "plugins/go/sdk"}) {
    if (isSdk(folder)) return fs::weakly_canonical(folder, error);
  }
  return std::nullopt;
}

/// Where tykpp/plugin.h is, seen from the SDK: three folders up in the source tree and installed.
std::optional<fs::path> findInclude(const fs::path& sdk) {
  std::error_code error;
  for (const fs::path& folder : {sdk / "../../../include", sdk / "include"}) {
    if (fs::is_regular_file(folder / "tykpp/plugin.h", error)) {
      return fs::weakly_canonical(folder, error);
    }
  }
  return std::nullopt;
}

/// The environment, with some variables set.
std::vector<std::string> environmentWith(const std::vector<std::string>& set) {
  std::vector<std::string> all = set;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view had(*each);
    bool replaced = false;
    for (const std::string& own : set) {
      const std::size_t name = own.find('=') + 1;
      replaced = replaced || had.substr(0, name) == std::string_view(own).substr(0, name);
    }
    if (!replaced) all.emplace_back(had);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// Runs a program in a folder and waits for it. @return its exit code; 127 when it did not start
int runIn(const std::string& folder, std::vector<std::string> words,
          std::vector<std::string> variables) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  std::vector<std::string> all = environmentWith(variables);
  pid_t child = 0;
  const int started = ::posix_spawn(&child, words[0].c_str(), &actions, nullptr,
                                    pointers(words).data(), pointers(all).data());
  posix_spawn_file_actions_destroy(&actions);
  if (started != 0) return 127;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// A folder of its own that goes with the object.
class TempFolder {
 public:
  TempFolder() {
    const std::string root = environment("TMPDIR");
    path_ = (root.empty() ? "/tmp" : root) + "/tykpp-plugin-tool-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  /// Empty when it could not be made.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

int buildPlugin(const PluginBuildFlags& flags) {
  std::error_code error;
  if (!fs::is_directory(flags.folder, error)) return buildFailed(flags.folder + " is no folder");
  const auto go = findGo(flags.go);
  if (!go) {
    return buildFailed(flags.go.empty()
                           ? "there is no go command on PATH: install Go 1.19 or newer, or "
                             "name it with --go"
                           : "there is no go command " + flags.go);
  }
  const auto sdk = findSdk(flags.sdk);
  if (!sdk) {
    return buildFailed(
        "the Go SDK of tykpp is not found: name its folder (plugins/go/sdk) with --sdk or "
        "TYKPP_GO_SDK");
  }
  const auto include = findInclude(*sdk);
  if (!include)
    return buildFailed("tykpp/plugin.h is not found from the Go SDK in " + sdk->string());
  const TempFolder work;
  if (work.path().empty())
    return buildFailed(std::string("making a folder: ") + std::strerror(errno));
  const std::string tool = work.path() + "/build";
  if (runIn((*sdk / "build").string(), {*go, "build", "-o", tool, "."},
            {"GOFLAGS=-buildvcs=false", "GOWORK=off", "CGO_ENABLED=0"}) != 0) {
    return buildFailed("the build program of the Go SDK did not compile with " + *go);
  }
  std::vector<std::string> words{tool,       "-go",    *go,        "-sdk",       sdk->string(),
                                 "-include", *include, "-release", flags.release};
  if (!flags.output.empty()) {
    words.emplace_back("-o");
    words.push_back(fs::absolute(flags.output).string());
  }
  if (flags.check) words.emplace_back("-check");
  if (flags.verbose) words.emplace_back("-verbose");
  words.push_back(flags.folder);
  return runIn("", words, {}) == 0 ? 0 : 1;
}

}  // namespace tykpp::cli
