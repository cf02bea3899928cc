#include "drivers/lua/impl/program.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <lua.hpp>
#include <optional>
#include <sstream>

#include "base/base64.hpp"
#include "drivers/coprocess/message.hpp"

namespace tykpp::drivers::lua {
namespace {

constexpr std::size_t kMaxFile = 16U << 20;

struct Source {
  std::string name;
  std::string text;
};

bool isLua(const definition::PluginRef& ref) { return ref.driver == "lua"; }

/// Every Lua hook of the API that comes with the same bundle as this one, if any: each bundle has
/// globals of its own.
std::vector<const definition::PluginRef*> entries(const definition::PluginRef& ref,
                                                  const definition::ApiSpec& api) {
  std::vector<const definition::PluginRef*> all;
  const definition::PluginHooks& hooks = api.hooks;
  const auto add = [&](const definition::PluginRef& entry) {
    if (isLua(entry) && entry.bundle == ref.bundle) all.push_back(&entry);
  };
  for (const definition::PluginRef& entry : hooks.pre) add(entry);
  if (hooks.auth) add(*hooks.auth);
  for (const auto* list : {&hooks.post_auth, &hooks.post, &hooks.response}) {
    for (const definition::PluginRef& entry : *list) add(entry);
  }
  const bool listed = std::any_of(all.begin(), all.end(), [&](const definition::PluginRef* entry) {
    return entry->path == ref.path && entry->code == ref.code;
  });
  if (!listed) all.push_back(&ref);
  return all;
}

void addOnce(std::vector<std::string>& list, const std::string& text) {
  if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end()) {
    list.push_back(text);
  }
}

std::vector<std::string> filesOfFolder(const std::filesystem::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == ".lua") files.push_back(at->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// The bundle's files, else those that hooks name, else those of the folder for all APIs.
Result<std::vector<std::string>> filesOf(const std::vector<const definition::PluginRef*>& refs,
                                         const definition::BundlePart* bundle,
                                         const LuaOptions& options) {
  std::vector<std::string> files;
  if (bundle != nullptr) {
    for (const std::string& file : bundle->files) {
      const std::filesystem::path path = std::filesystem::path(bundle->folder) / file;
      if (path.extension() == ".lua") addOnce(files, path.lexically_normal().string());
    }
  }
  bool inlined = false;
  for (const definition::PluginRef* entry : refs) {
    if (!entry->code.empty()) inlined = true;
    if (entry->code.empty() && !entry->path.empty()) {
      addOnce(files, std::filesystem::path(entry->path).lexically_normal().string());
    }
  }
  if (!files.empty() || inlined) return files;
  const auto folder = std::filesystem::path(options.working_directory) / "middleware" / "lua";
  files = filesOfFolder(folder);
  if (files.empty()) {
    return Error(Errc::kBadPlugin,
                 "the hook names no file, the API has no bundle, and there is no Lua file in " +
                     folder.string());
  }
  return files;
}

Result<Source> readFile(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) {
    return Error(Errc::kBadPlugin, "Lua file " + path + " cannot be read: " + error.message());
  }
  if (size > kMaxFile) {
    return Error(Errc::kBadPlugin, "Lua file " + path + " is larger than 16 MiB");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Error(Errc::kBadPlugin, "Lua file " + path + " cannot be read");
  return Source{"@" + path, std::move(text).str()};
}

int append(lua_State* /*lua*/, const void* piece, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(piece), size);
  return 0;
}

struct LuaCloser {
  void operator()(lua_State* lua) const noexcept { lua_close(lua); }
};

Result<Chunk> compileSource(lua_State* lua, const Source& source) {
  // The first line of a script may name its interpreter.
  std::string_view text = source.text;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.starts_with("#")) text.remove_prefix(std::min(text.find('\n'), text.size()));
  if (luaL_loadbufferx(lua, text.data(), text.size(), source.name.c_str(), "t") != 0) {
    const char* why = lua_tostring(lua, -1);
    Error error(Errc::kBadPlugin, std::string("Lua does not compile: ") + (why ? why : "?"));
    lua_settop(lua, 0);
    return error;
  }
  Chunk chunk{source.name, {}};
  lua_dump(lua, append, &chunk.bytecode);
  lua_settop(lua, 0);
  return chunk;
}

/// `package.path` and `package.cpath` begin with the folders of the files.
void setFolders(Program& program, const std::vector<std::string>& files,
                const definition::BundlePart* bundle) {
  std::vector<std::string> folders;
  if (bundle != nullptr) addOnce(folders, bundle->folder);
  for (const std::string& file : files) {
    addOnce(folders, std::filesystem::path(file).parent_path().string());
  }
  for (const std::string& folder : folders) {
    program.path += folder + "/?.lua;" + folder + "/?/init.lua;";
    program.cpath += folder + "/?.so;";
  }
}

Result<std::vector<Source>> readSources(const std::vector<const definition::PluginRef*>& refs,
                                        const std::vector<std::string>& files) {
  std::vector<Source> sources;
  for (const std::string& file : files) {
    auto source = readFile(file);
    if (!source) return source.error();
    sources.push_back(std::move(*source));
  }
  for (const definition::PluginRef* entry : refs) {
    if (entry->code.empty()) continue;
    auto text = decodeBase64(entry->code, Padding::kOptional);
    if (!text) {
      return Error(Errc::kBadPlugin, "`code` of the Lua hook \"" + entry->name + "\" is no base64");
    }
    sources.push_back({"=code of " + entry->name, std::move(*text)});
  }
  return sources;
}

void appendStamp(std::string& stamp, const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return;
  stamp += file + ':' + std::to_string(status.st_ino) + ':' + std::to_string(status.st_size) + ':' +
           std::to_string(status.st_mtim.tv_sec) + '.' + std::to_string(status.st_mtim.tv_nsec) +
           '\n';
}

}  // namespace

std::string stampOf(const definition::PluginRef& ref, const definition::ApiSpec& api,
                    const LuaOptions& options) {
  std::string stamp = api.api_id + '\n' + api.checksum + '\n' + api.config_data + '\n' +
                      std::to_string(ref.bundle) + api.bundle.hash + api.bundle.checksum + '\n';
  const auto refs = entries(ref, api);
  const auto files = filesOf(refs, bundleOf(ref, api), options);
  if (!files) return stamp;
  std::vector<std::string> folders;
  for (const std::string& file : *files) {
    stamp += file + '\n';
    addOnce(folders, std::filesystem::path(file).parent_path().string());
  }
  for (const definition::PluginRef* entry : refs) stamp += entry->code;
  for (const std::string& folder : folders) {
    for (const std::string& file : filesOfFolder(folder)) appendStamp(stamp, file);
  }
  return stamp;
}

Result<std::shared_ptr<const Program>> compile(const definition::PluginRef& ref,
                                               const definition::ApiSpec& api,
                                               const LuaOptions& options) {
  const auto refs = entries(ref, api);
  const auto files = filesOf(refs, bundleOf(ref, api), options);
  if (!files) return files.error();
  const auto sources = readSources(refs, *files);
  if (!sources) return sources.error();
  const std::unique_ptr<lua_State, LuaCloser> lua(luaL_newstate());
  if (lua == nullptr) return Error(Errc::kBadPlugin, "no memory to compile Lua");
  auto program = std::make_shared<Program>();
  for (const Source& source : *sources) {
    auto chunk = compileSource(lua.get(), source);
    if (!chunk) return chunk.error();
    program->chunks.push_back(std::move(*chunk));
  }
  program->api_id = api.api_id;
  program->config_data = api.config_data;
  program->spec = coprocess::Facts::of(ref, api, options.ignore_canonical_header_names).spec;
  program->memory_limit = options.memory_limit;
  program->load_time = options.load_time;
  setFolders(*program, *files, bundleOf(ref, api));
  return std::shared_ptr<const Program>(std::move(program));
}

Result<std::shared_ptr<State>> ApiStates::of(std::uint32_t worker, Watched& watched) {
  {
    const std::lock_guard lock(mutex_);
    if (auto state = states_[worker].lock()) return state;
  }
  auto made = State::create(program, watched);
  if (!made) return made.error();
  const std::shared_ptr<State> state = std::move(*made);
  const std::lock_guard lock(mutex_);
  states_[worker] = state;
  return state;
}

void ApiStates::forget(std::uint32_t worker) {
  const std::lock_guard lock(mutex_);
  states_.erase(worker);
}

Runtime::Worker& Runtime::worker(std::uint32_t index) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Worker>& worker = workers_[index];
  if (worker == nullptr) worker = std::make_unique<Worker>(watchdog_.add());
  return *worker;
}

}  // namespace tykpp::drivers::lua
