#include "admin/impl/oas_import.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "admin/impl/answers.hpp"
#include "base/ascii.hpp"

namespace tykpp::admin {
namespace {

using Problem = std::optional<std::string>;

constexpr const char* kBadCustomUrl =
    "The manually configured upstream URL is not valid. The URL must be absolute and properly "
    "formatted (e.g. https://example.com). Please check the URL format and try again.";
constexpr const char* kNoServers =
    "The ‘servers’ object is empty in your OAS. You can either add a ‘servers’ section to your "
    "OpenAPI description or provide a Custom Upstream URL in the manual configuration options "
    "below.";
constexpr const char* kNoSecurity =
    "The ‘security’ object is empty in your OAS. When enabling authentication, your OpenAPI "
    "description must include a ‘security’ object that defines the authentication schemes. You can "
    "either add a ‘security’ object or disable authentication in the API settings.";
constexpr std::array<std::string_view, 8> kHttpMethods{"get",     "put",  "post",  "delete",
                                                       "options", "head", "patch", "trace"};

constexpr std::size_t kMaxUrlBytes = 8192;

/// `scheme://host…` without spaces or control characters.
bool isAbsoluteUrl(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view scheme = url.substr(0, colon);
  const std::string_view rest = url.substr(colon + 3);
  const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  return !host.empty() && std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return isDigit(c) || (toLower(c) >= 'a' && toLower(c) <= 'z') || c == '+' || c == '-' ||
           c == '.';
  }) && std::none_of(url.begin(), url.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '{' || c == '}';
  });
}

/// The address of a server with its variables' defaults in their places.
Problem serverUrl(const Document& server, std::string& url) {
  url = textAt(server, "/url");
  if (const Document* variables = valueAt(server, "/variables");
      variables != nullptr && variables->is_object()) {
    for (const auto& [name, variable] : variables->items()) {
      const std::string text = textAt(variable, "/default");
      if (text.empty()) return "server variable " + name + " does not have a default value";
      const std::string place = "{" + name + "}";
      for (std::size_t at = url.find(place); at != std::string::npos;
           at = url.find(place, at + text.size())) {
        url.replace(at, place.size(), text);
        // Defaults may hold the next variable, and so grow without end.
        if (url.size() > kMaxUrlBytes) return "the first server's URL is too long";
      }
    }
  }
  if (url.find_first_of("{}") != std::string::npos) {
    return "server URL contains undefined variables";
  }
  if (!isAbsoluteUrl(url)) {
    return "The first entry in the ‘servers’ object of your OAS is not valid. The URL must be "
           "absolute and properly formatted (e.g. https://example.com). Please update \"" +
           url + "\" to be a valid URL and try again.";
  }
  return std::nullopt;
}

class Import {
 public:
  Import(Document& document, std::string_view query) : document_(document), query_(query) {}

  Problem run() {
    for (const auto part : {&Import::start, &Import::upstream, &Import::authentication,
                            &Import::processingMode, &Import::operations}) {
      if (auto problem = (this->*part)()) return problem;
    }
    document_["x-tyk-api-gateway"] = std::move(extension_);
    return std::nullopt;
  }

 private:
  std::string parameter(std::string_view name) const { return queryValue(query_, name); }

  /// A parameter that is a switch; nothing when it is missing or empty.
  Problem flag(const char* name, std::optional<bool>& out) const {
    const std::string text = parameter(name);
    if (text == "true") out = true;
    if (text == "false") out = false;
    if (text.empty() || out) return std::nullopt;
    return std::string(name) + ": has to be true or false";
  }

  Problem start() {
    const std::string version = textAt(document_, "/openapi");
    const Document* paths = valueAt(document_, "/paths");
    if (!version.starts_with("3.0") && !version.starts_with("3.1")) {
      return "/openapi: has to be a 3.0 or 3.1 version";
    }
    if (textAt(document_, "/info/title").empty()) return "/info/title: is missing";
    if (paths == nullptr || !paths->is_object()) return "/paths: is missing or not an object";
    extension_ = {
        {"info",
         {{"name", textAt(document_, "/info/title")},
          {"state", {{"active", true}, {"internal", false}}}}},
        {"upstream", Document::object()},
        {"server", {{"listenPath", {{"value", "/"}, {"strip", true}}}}},
        {"middleware",
         {{"global",
           {{"contextVariables", {{"enabled", true}}}, {"trafficLogs", {{"enabled", true}}}}}}}};
    if (const std::string id = parameter("apiID"); !id.empty()) extension_["info"]["id"] = id;
    if (const std::string path = parameter("listenPath"); !path.empty()) {
      extension_["server"]["listenPath"]["value"] = path;
    }
    if (const std::string domain = parameter("customDomain"); !domain.empty()) {
      extension_["server"]["customDomain"] = {{"enabled", true}, {"name", domain}};
    }
    return std::nullopt;
  }

  Problem upstream() {
    std::string url = parameter("upstreamURL");
    if (!url.empty()) {
      if (!isAbsoluteUrl(url)) return kBadCustomUrl;
    } else {
      const Document* servers = valueAt(document_, "/servers");
      if (servers == nullptr || !servers->is_array() || servers->empty()) return kNoServers;
      if (!servers->front().is_object()) return "Couldn't decode OAS object";
      if (auto problem = serverUrl(servers->front(), url)) return problem;
    }
    extension_["upstream"]["url"] = url;
    return std::nullopt;
  }

  /// Where clients show a credential of a scheme. @return nothing for types that are unknown
  std::optional<Document> scheme(const Document& declared) const {
    const std::string type = textAt(declared, "/type");
    Document out = {{"enabled", true}};
    if (type == "apiKey") {
      const std::string in = textAt(declared, "/in");
      if (in != "header" && in != "query" && in != "cookie") return std::nullopt;
      out[in] = {{"enabled", true}, {"name", textAt(declared, "/name")}};
      return out;
    }
    const std::string kind = lowered(textAt(declared, "/scheme"));
    if (type != "oauth2" && !(type == "http" && (kind == "bearer" || kind == "basic"))) {
      return std::nullopt;
    }
    out["header"] = {{"enabled", true}, {"name", "Authorization"}};
    return out;
  }

  Problem addScheme(const std::string& name, Document& schemes) const {
    const Document* all = valueAt(document_, "/components/securitySchemes");
    if (all == nullptr || !all->is_object() || !all->contains(name)) {
      return "authentication: the security scheme " + name +
             " is not in components.securitySchemes";
    }
    auto made = scheme(all->at(name));
    if (!made) return "authentication: the type of the security scheme " + name + " is unknown";
    schemes[name] = std::move(*made);
    return std::nullopt;
  }

  Problem authentication() {
    compliant_ = parameter("authentication") == "compliant";
    std::optional<bool> wanted;
    if (compliant_) {
      wanted = true;
    } else if (auto problem = flag("authentication", wanted)) {
      return problem;
    }
    if (!wanted) return std::nullopt;
    Document out = {{"enabled", *wanted}};
    if (*wanted) {
      const Document* security = valueAt(document_, "/security");
      if (security == nullptr || !security->is_array() || security->empty()) return kNoSecurity;
      Document& schemes = out["securitySchemes"] = Document::object();
      const bool all = compliant_ || parameter("securityProcessingMode") == "compliant";
      for (const Document& requirement : *security) {
        if (!requirement.is_object()) return "Couldn't decode OAS object";
        for (const auto& [name, scopes] : requirement.items()) {
          if (auto problem = addScheme(name, schemes)) return problem;
        }
        if (!all) break;  // the others count in compliant mode alone
      }
    }
    extension_["server"]["authentication"] = std::move(out);
    return std::nullopt;
  }

  Problem processingMode() {
    std::string mode = parameter("securityProcessingMode");
    if (mode.empty() && compliant_) mode = "compliant";
    if (mode.empty()) return std::nullopt;
    if (mode != "legacy" && mode != "compliant") {
      return "securityProcessingMode: has to be legacy or compliant";
    }
    const auto found = extension_["server"].find("authentication");
    if (found != extension_["server"].end()) (*found)["securityProcessingMode"] = mode;
    return std::nullopt;
  }

  Problem operations() {
    std::optional<bool> allow;
    std::optional<bool> validate;
    std::optional<bool> mock;
    if (auto problem = flag("allowList", allow)) return problem;
    if (auto problem = flag("validateRequest", validate)) return problem;
    if (auto problem = flag("mockResponse", mock)) return problem;
    Document rules = Document::object();
    for (auto& [path, methods] : document_["paths"].items()) {
      if (!methods.is_object()) continue;
      const bool path_parameters = hasEntries(methods, "/parameters");
      for (const std::string_view method : kHttpMethods) {
        const auto found = methods.find(std::string(method));
        if (found == methods.end() || !found->is_object()) continue;
        Document& operation = *found;
        Document blocks = Document::object();
        if (allow.value_or(false)) blocks["allow"] = {{"enabled", true}};
        if (validate.value_or(false) && (path_parameters || takesInput(operation))) {
          blocks["validateRequest"] = {{"enabled", true}, {"errorResponseCode", 422}};
        }
        if (mock.value_or(false) && hasExample(operation)) {
          blocks["mockResponse"] = {{"enabled", true}, {"fromOASExamples", {{"enabled", true}}}};
        }
        if (!blocks.empty()) rules[idOf(operation, path, method)] = std::move(blocks);
      }
    }
    if (!rules.empty()) extension_["middleware"]["operations"] = std::move(rules);
    return std::nullopt;
  }

  static bool hasEntries(const Document& object, const char* pointer) {
    const Document* list = valueAt(object, pointer);
    return list != nullptr && list->is_array() && !list->empty();
  }

  static bool takesInput(const Document& operation) {
    const Document* body = valueAt(operation, "/requestBody");
    return hasEntries(operation, "/parameters") || (body != nullptr && body->is_object());
  }

  /// Whether some answer can be made up from the document.
  static bool hasExample(const Document& operation) {
    const Document* responses = valueAt(operation, "/responses");
    if (responses == nullptr || !responses->is_object()) return false;
    for (const Document& response : *responses) {
      const Document* content = valueAt(response, "/content");
      if (content == nullptr || !content->is_object()) continue;
      for (const Document& media : *content) {
        for (const char* source : {"/example", "/examples", "/schema"}) {
          if (valueAt(media, source) != nullptr) return true;
        }
      }
    }
    return false;
  }

  static std::string idOf(Document& operation, const std::string& path, std::string_view method) {
    std::string id = textAt(operation, "/operationId");
    if (!id.empty()) return id;
    id = path.substr(path.starts_with('/') ? 1 : 0);
    for (const char c : method) id += toUpper(c);
    operation["operationId"] = id;
    return id;
  }

  Document& document_;
  std::string_view query_;
  Document extension_;
  bool compliant_ = false;
};

}  // namespace

std::optional<std::string> addImportExtension(Document& document, std::string_view query) {
  return Import(document, query).run();
}

std::string importParameterOf(std::string_view pointer) {
  for (const char* name : {"validateRequest", "mockResponse"}) {
    if (pointer.find(std::string("/") + name) != std::string_view::npos) return name;
  }
  return {};
}

}  // namespace tykpp::admin
