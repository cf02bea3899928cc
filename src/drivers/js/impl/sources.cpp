#include "drivers/js/impl/sources.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/base64.hpp"
#include "drivers/js/impl/text.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::uintmax_t kMaxSourceBytes = 16 << 20;

bool isOurs(const definition::PluginRef& ref) { return ref.driver == "otto"; }

void decodeBlob(std::string_view blob, Script& script) {
  auto text = decodeBase64(blob);
  if (text) {
    script.text = std::move(*text);
  } else {
    script.problem = "the source is no base64";
  }
}

Script scriptOf(const definition::PluginRef& ref) {
  Script script;
  script.name = scriptName(ref);
  if (!ref.code.empty()) {
    decodeBlob(ref.code, script);
  } else if (std::string wrong = wrongExtension(ref.path); !wrong.empty()) {
    script.problem = std::move(wrong);
  } else if (!readFile(ref.path, script.text)) {
    script.problem = "Failed to open JS middleware file: " + ref.path;
  }
  return script;
}

Script scriptOf(const definition::VirtualEndpoint& endpoint, bool refuse_blobs) {
  Script script;
  script.name = endpoint.is_blob ? blobName(endpoint) : endpoint.source;
  if (!endpoint.is_blob) {
    if (!readFile(endpoint.source, script.text)) {
      script.problem = "Failed to open JS middleware file: " + endpoint.source;
    }
  } else if (refuse_blobs) {
    script.problem = "inline sources are refused (disable_virtual_path_blobs)";
  } else {
    decodeBlob(endpoint.source, script);
  }
  return script;
}

}  // namespace

std::string scriptName(const definition::PluginRef& ref) {
  return ref.code.empty() ? ref.path : "code of " + ref.pointer;
}

std::string blobName(const definition::VirtualEndpoint& endpoint) {
  return "source of " + endpoint.pointer;
}

bool readFile(const std::string& path, std::string& out) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  if (std::filesystem::file_size(path, error) > kMaxSourceBytes || error) return false;
  std::ifstream file(path, std::ios::binary);
  out.assign(std::istreambuf_iterator<char>(file), {});
  return file.good() || file.eof();
}

std::string wrongExtension(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension.find(".js") != std::string::npos) return {};
  return "Unsupported extension '" + extension + "' (" + path + ")";
}

std::vector<Script> readSources(const definition::ApiSpec& api, std::size_t bundle,
                                bool refuse_blobs) {
  std::vector<Script> scripts;
  if (bundle == 0) {
    for (const definition::VirtualEndpoint& endpoint : api.virtual_endpoints) {
      scripts.push_back(scriptOf(endpoint, refuse_blobs));
    }
  }
  const auto add = [&](const definition::PluginRef& ref) {
    if (isOurs(ref) && ref.bundle == bundle) scripts.push_back(scriptOf(ref));
  };
  const definition::PluginHooks& hooks = api.hooks;
  if (hooks.auth) add(*hooks.auth);
  for (const auto* list : {&hooks.pre, &hooks.post, &hooks.post_auth, &hooks.response}) {
    for (const definition::PluginRef& ref : *list) add(ref);
  }
  return scripts;
}

}  // namespace tykpp::drivers::js
