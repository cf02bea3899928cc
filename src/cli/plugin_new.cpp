#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "cli/plugin_author.hpp"

namespace tykpp::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kGrpcAddress = "127.0.0.1:5555";
constexpr const char* kAuthFunction = "CheckKey";

/// What is peculiar to a driver.
struct Language {
  const char* driver;  ///< in the definition
  std::vector<const char*> names;
  const char* extension;  ///< of the file that the definition names; null: none
  bool analytics;         ///< there is a template for that hook
};

const std::vector<Language>& languages() {
  static const std::vector<Language> all = {
      {"python", {"python"}, ".py", false},
      {"otto", {"otto", "javascript", "js"}, ".js", false},
      {"lua", {"lua"}, ".lua", false},
      {"native", {"native", "cpp", "c++"}, ".so", true},
      {"goplugin", {"goplugin", "go"}, ".so", true},
      {"grpc", {"grpc"}, nullptr, false},
  };
  return all;
}

struct Place {
  const char* hook;
  const char* member;  ///< of `custom_middleware`
  std::vector<const char*> kinds;
};

const std::vector<Place>& places() {
  static const std::vector<Place> all = {
      {"pre", "pre", {"common", "request"}},
      {"auth", "auth_check", {"common", "auth"}},
      // On an API that nobody authenticates it would never run: somebody comes with it.
      {"post_auth", "post_key_auth", {"common", "request", "auth"}},
      {"post", "post", {"common", "request"}},
      {"response", "response", {"common", "response"}},
      {"analytics", nullptr, {"common", "analytics"}},
  };
  return all;
}

/// `add-header` as a type or function is called: `AddHeader`.
std::string pascal(const std::string& name) {
  std::string out;
  bool up = true;
  for (const char c : name) {
    if (c == '-' || c == '_') {
      up = true;
      continue;
    }
    out += up ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    up = false;
  }
  return out;
}

bool isGoodName(const std::string& name) {
  if (name.empty() || name.size() > 64 || std::isalpha(static_cast<unsigned char>(name[0])) == 0)
    return false;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') return false;
  }
  return true;
}

/// One plugin to be written.
class Maker {
 public:
  Maker(const Language& language, const Place& place, const PluginNewFlags& flags)
      : language_(language),
        place_(place),
        name_(flags.name),
        folder_(fs::path(flags.folder) / flags.name) {
    const bool is_auth = std::string_view(place.hook) == "auth";
    const std::string function = pascal(name_);
    auth_ = is_auth ? function : kAuthFunction;
    words_ = {{"@NAME@", name_},           {"@HOOK@", place.hook},
              {"@FUNCTION@", function},    {"@AUTH_FUNCTION@", auth_},
              {"@ADDRESS@", kGrpcAddress}, {"@GRPC_HOOKS@", grpcHooks(function)}};
  }

  Result<void> make() const {
    std::error_code error;
    if (fs::exists(folder_, error))
      return Error(Errc::kIo, folder_.string() + " exists already; nothing was written");
    for (const PluginTemplate& one : pluginTemplates()) {
      for (const char* kind : place_.kinds) {
        const std::string prefix = std::string(language_.driver) + "/" + kind + "/";
        const std::string path = one.path;
        if (!path.starts_with(prefix)) continue;
        if (auto wrote = write(path.substr(prefix.size()), filled(one.text)); !wrote) return wrote;
      }
    }
    if (auto wrote = write("api.json", definition().dump(2) + "\n"); !wrote) return wrote;
    if (std::string_view(place_.hook) == "post_auth") {
      if (auto wrote = write("session.json", "{\"alias\": \"demo\"}\n"); !wrote) return wrote;
    }
    return write("request.http", request());
  }

  void explain() const {
    const std::string folder = folder_.string();
    std::printf("wrote %s/:\n", folder.c_str());
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), folder_).string());
    }
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) std::printf("  %s\n", file.c_str());
    std::printf("next:\n");
    const std::string_view driver = language_.driver;
    if (driver == "native") std::printf("  %s/build.sh\n", folder.c_str());
    if (driver == "goplugin") {
      std::printf("  tykpp plugin build %s -o %s/plugin.so\n", folder.c_str(), folder.c_str());
    }
    if (driver == "grpc") std::printf("  %s/run.sh &\n", folder.c_str());
    std::printf("  tykpp plugin test %s%s\n", folder.c_str(),
                std::string_view(place_.hook) == "post_auth" ? " --hook post_auth" : "");
    std::printf(
        "and, to serve it, copy %s/api.json to the gateway's app_path and run the gateway "
        "from this directory (paths in a definition start there)\n",
        folder.c_str());
  }

 private:
  std::string grpcHooks(const std::string& function) const {
    const std::string_view hook = place_.hook;
    if (hook == "auth") return "\"" + function + "\": check_key";
    if (hook == "response") return "\"" + function + "\": change_response";
    std::string text = "\"" + function + "\": change_request";
    if (hook == "post_auth") text += ", \"" + auth_ + "\": check_key";
    return text;
  }

  std::string filled(std::string text) const {
    for (const auto& [word, value] : words_) {
      for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += value.size())
        text.replace(at, word.size(), value);
    }
    return text;
  }

  Result<void> write(const std::string& name, const std::string& text) const {
    const fs::path path = folder_ / name;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary);
    out << text;
    out.close();
    if (!out) return Error(Errc::kIo, path.string() + ": can't be written");
    if (text.starts_with("#!")) {
      fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                      fs::perm_options::add, error);
    }
    return {};
  }

  Json entry(const std::string& function, const char* stem) const {
    Json entry = {{"name", function}};
    if (language_.extension != nullptr) {
      // A Go package is one file whatever it holds.
      const bool one_file = std::string_view(language_.driver) == "goplugin";
      entry["path"] = (folder_ / (one_file ? "plugin" : stem)).string() + language_.extension;
    }
    return entry;
  }

  Json definition() const {
    const std::string_view hook = place_.hook;
    const bool authenticated = hook == "auth" || hook == "post_auth";
    const std::string function = words_.at("@FUNCTION@");
    Json api = {{"name", name_},
                {"api_id", name_},
                {"org_id", "default"},
                {"active", true},
                {"use_keyless", !authenticated}};
    if (authenticated) api["custom_plugin_auth_enabled"] = true;
    api["version_data"] = {{"not_versioned", true},
                           {"versions", {{"Default", {{"name", "Default"}}}}}};
    api["proxy"] = {{"listen_path", "/" + name_ + "/"},
                    {"target_url", "http://127.0.0.1:9000/"},
                    {"strip_listen_path", true}};
    Json middleware = {{"driver", language_.driver}};
    if (std::string_view(language_.driver) == "grpc")
      middleware["grpc_server"] = std::string("tcp://") + kGrpcAddress;
    if (hook == "analytics") {
      api["analytics_plugin"] = {{"enable", true},
                                 {"func_name", function},
                                 {"plugin_path", entry(function, "plugin")["path"]}};
    } else if (hook == "auth") {
      middleware["auth_check"] = entry(function, "auth");
    } else {
      middleware[place_.member] = Json::array({entry(function, "plugin")});
      if (hook == "post_auth") middleware["auth_check"] = entry(auth_, "auth");
    }
    api["custom_middleware"] = middleware;
    return api;
  }

  std::string request() const {
    return "GET /" + name_ + "/get?name=Ann HTTP/1.1\nHost: localhost:8080\nUser-Agent: sample\n" +
           "Authorization: letmein\nX-Debug: 1\n\n";
  }

  const Language& language_;
  const Place& place_;
  const std::string name_;
  const fs::path folder_;
  std::string auth_;
  std::map<std::string, std::string> words_;
};

int newFailed(const std::string& text) {
  std::fprintf(stderr, "tykpp plugin new: %s\n", text.c_str());
  return 1;
}

const Language* languageOf(const std::string& name) {
  for (const Language& language : languages()) {
    for (const char* known : language.names) {
      if (name == known) return &language;
    }
  }
  return nullptr;
}

}  // namespace

int newPlugin(const PluginNewFlags& flags) {
  const Language* language = languageOf(flags.driver);
  if (language == nullptr)
    return newFailed("--driver is python, otto, lua, native, goplugin or grpc, not \"" +
                     flags.driver + "\"");
  const Place* place = nullptr;
  for (const Place& one : places()) {
    if (flags.hook == one.hook) place = &one;
  }
  if (place == nullptr)
    return newFailed("--hook is pre, auth, post_auth, post, response or analytics, not \"" +
                     flags.hook + "\"");
  if (place->member == nullptr && !language->analytics)
    return newFailed("analytics hooks are written in C++ (native) or Go (goplugin)");
  if (!isGoodName(flags.name))
    return newFailed("the name is made of letters, digits, - and _, and begins with a letter");
  const Maker maker(*language, *place, flags);
  if (const auto made = maker.make(); !made) return newFailed(made.error().message());
  maker.explain();
  return 0;
}

}  // namespace tykpp::cli
