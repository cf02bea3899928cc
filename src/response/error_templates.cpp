#include "response/error_templates.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "definition/gateway_config.hpp"
#include "http/exchange.hpp"
#include "response/impl/template.hpp"

namespace tykpp::response {
namespace {

constexpr std::string_view kJsonDefault = "{\n    \"error\": \"{{.Message}}\"\n}";
constexpr std::string_view kXmlDefault =
    "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>{{.Message}}</error>\n";
constexpr std::streamsize kMaxTemplateBytes = 1024 * 1024;
constexpr std::string_view kXmlTypes[] = {"application/xml", "text/xml", "application/soap+xml"};

/// The XML type that the request names, without parameters, or empty. Static text.
std::string_view xmlType(std::string_view content_type) noexcept {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  for (const std::string_view known : kXmlTypes) {
    if (equalsIgnoreCase(type, known)) return known;
  }
  return {};
}

Error bad(const std::string& file, std::string_view reason) {
  return {Errc::kBadConfig, "template_path: " + file + ": " + std::string(reason)};
}

Result<std::string> readTemplate(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return bad(file, std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return bad(file, "not a regular file");
  if (info.st_size > kMaxTemplateBytes) return bad(file, "larger than 1 MiB");
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) return bad(file, "cannot be read");
  return text;
}

/// The names of the files in a directory that start with `error`.
Result<std::vector<std::string>> errorFiles(const std::string& directory) {
  DIR* handle = ::opendir(directory.c_str());
  if (handle == nullptr) return bad(directory, std::strerror(errno));
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(handle)) {  // NOLINT(concurrency-mt-unsafe)
    if (std::string_view(entry->d_name).starts_with("error")) names.emplace_back(entry->d_name);
  }
  ::closedir(handle);
  if (names.empty()) return bad(directory, "has no error* template");
  return names;
}

std::string resolve(const definition::GatewayConfig& config) {
  if (config.template_path.starts_with('/') || config.working_directory.empty()) {
    return config.template_path;
  }
  return config.working_directory + "/" + config.template_path;
}

}  // namespace

struct ErrorTemplates::State {
  std::map<std::string, Template, std::less<>> files;  ///< by name: `error_403.json`
  bool hide_generator = false;

  /// @param xml  in: XML is wanted; out: XML is what was found
  const Template& choose(std::uint16_t status, bool& xml) const;
};

const Template& ErrorTemplates::State::choose(std::uint16_t status, bool& xml) const {
  const std::string_view extension = xml ? "xml" : "json";
  char name[32];
  const int size = std::snprintf(name, sizeof name, "error_%u.%.*s", static_cast<unsigned>(status),
                                 static_cast<int>(extension.size()), extension.data());
  auto found = files.find(std::string_view(name, static_cast<std::size_t>(size)));
  if (found == files.end() && xml) found = files.find("error.xml");
  if (found == files.end()) {
    found = files.find("error.json");  // there is always one, if only the built-in
    xml = false;
  }
  return found->second;
}

ErrorTemplates::ErrorTemplates(std::unique_ptr<const State> state) : state_(std::move(state)) {}
ErrorTemplates::~ErrorTemplates() = default;
ErrorTemplates::ErrorTemplates(ErrorTemplates&&) noexcept = default;
ErrorTemplates& ErrorTemplates::operator=(ErrorTemplates&&) noexcept = default;

Result<ErrorTemplates> ErrorTemplates::load(const definition::GatewayConfig& config) {
  auto state = std::make_unique<State>();
  state->hide_generator = config.hide_generator_header;
  if (!config.template_path.empty()) {
    const std::string directory = resolve(config);
    const auto names = errorFiles(directory);
    if (!names) return names.error();
    for (const std::string& name : *names) {
      if (!name.ends_with(".json") && !name.ends_with(".xml")) continue;
      const std::string file = directory + "/" + name;
      const auto text = readTemplate(file);
      if (!text) return text.error();
      auto parsed = Template::parse(*text);
      if (!parsed) return bad(file, parsed.error().message());
      state->files.emplace(name, std::move(*parsed));
    }
  }
  // An own error.json also answers XML requests where there is no own error.xml: the built-in XML
  // comes last.
  const bool own_json = state->files.contains("error.json");
  state->files.emplace("error.json", Template::parse(kJsonDefault).value());
  if (!own_json) state->files.emplace("error.xml", Template::parse(kXmlDefault).value());
  return ErrorTemplates(std::move(state));
}

void ErrorTemplates::fill(http::Exchange& exchange, std::uint16_t status,
                          std::string_view message) const {
  const std::string_view wanted =
      xmlType(exchange.request().headers.get(http::HeaderId::kContentType));
  bool xml = !wanted.empty();
  const Template& chosen = state_->choose(status, xml);
  const std::string_view type = xml ? wanted : std::string_view("application/json");
  http::Response& response = exchange.response();
  response.status = status;
  response.reason = {};
  response.headers.clear();
  response.headers.add(http::HeaderId::kContentType, type);
  if (!state_->hide_generator) response.headers.add(http::HeaderId::kXGenerator, "tyk.io");
  response.setBody(chosen.render(status, message, xml ? Escaping::kXml : Escaping::kJson));
}

}  // namespace tykpp::response
