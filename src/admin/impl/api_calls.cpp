#include "admin/impl/api_calls.hpp"

#include <algorithm>
#include <utility>

#include "admin/impl/answers.hpp"
#include "admin/impl/definition_files.hpp"
#include "admin/impl/oas_import.hpp"
#include "base/log.hpp"
#include "definition/oas.hpp"
#include "definition/version_rules.hpp"

namespace tykpp::admin {
namespace {

constexpr const char* kInvalidId = "Invalid API ID";
constexpr const char* kMismatch =
    "Request APIID does not match that in Definition! For Update operations these must match.";
constexpr const char* kNotOas =
    "the requested API definition is in Tyk classic format, please use old api endpoint";

std::string pretty(const Document& document) {
  return document.dump(2, ' ', false, Document::error_handler_t::replace);
}

AdminReply broken(const std::string& reason) {
  return statusMessage(400, "Validation of API Definition failed. Reason: " + reason + ".");
}

}  // namespace

void ApiCalls::addBaseId(AdminReply& reply, const definition::ApiSpec& api) const {
  const bool base = api.versioning != nullptr && !api.versioning->children.empty();
  const Api parent = base ? nullptr : baseOf(api.api_id);
  if (!base && parent == nullptr) return;
  // Ids hold no control characters: they were checked when they were read.
  reply.headers.emplace_back("x-tyk-base-api-id", base ? api.api_id : parent->api_id);
}

AdminReply ApiCalls::created(AdminReply stored, const AdminRequest& request,
                             const std::string& id) const {
  if (stored.status == 200) addToBase(request, id);
  return stored;
}

std::vector<ApiCalls::Api> ApiCalls::sorted() const {
  std::vector<Api> apis = control_.apis();
  std::sort(apis.begin(), apis.end(),
            [](const Api& a, const Api& b) { return a->api_id < b->api_id; });
  return apis;
}

ApiCalls::Api ApiCalls::find(const std::string& id) const {
  for (Api& api : control_.apis()) {
    if (api->api_id == id) return std::move(api);
  }
  return nullptr;
}

AdminReply ApiCalls::list() const {
  AdminReply reply;
  reply.body = "[";
  for (const Api& api : sorted()) {
    if (reply.body.size() > 1) reply.body += ',';
    reply.body += htmlSafe(api->classic_text);
  }
  reply.body += "]\n";
  return reply;
}

AdminReply ApiCalls::get(const std::string& id) const {
  const Api api = find(id);
  if (api == nullptr) return statusMessage(404, kNotFound);
  AdminReply reply;
  reply.body = htmlSafe(api->classic_text) + "\n";
  addBaseId(reply, *api);
  return reply;
}

AdminReply ApiCalls::create(const AdminRequest& request) {
  if (auto refused = refusedVersion(request)) return std::move(*refused);
  auto document = parseObject(request.body);
  if (!document || !hasClassicTypes(*document)) return statusMessage(400, "Request malformed");
  std::string id = textAt(*document, "/api_id");
  if (id.empty()) id = makeApiId();
  return created(storeClassic(std::move(*document), id, nullptr), request, id);
}

AdminReply ApiCalls::update(const std::string& id, const AdminRequest& request) {
  if (!isSafeApiId(id)) return statusMessage(400, kInvalidId);
  const Api loaded = find(id);
  if (loaded == nullptr) return statusMessage(404, kNotFound);
  if (loaded->is_oas) {
    return statusMessage(400,
                         "this API endpoint only supports Tyk Classic APIs; please use the "
                         "appropriate Tyk OAS API endpoint");
  }
  auto document = parseObject(request.body);
  if (!document || !hasClassicTypes(*document)) return statusMessage(400, "Request malformed");
  if (textAt(*document, "/api_id") != id) return statusMessage(400, kMismatch);
  return storeClassic(std::move(*document), id, loaded);
}

AdminReply ApiCalls::storeClassic(Document document, const std::string& id, const Api& loaded) {
  document["api_id"] = id;
  document["is_oas"] = false;
  if (const auto reason = firstBrokenRule(document)) return broken(*reason);
  return store(id, loaded, document, nullptr);
}

AdminReply ApiCalls::store(const std::string& id, const Api& loaded, const Document& classic,
                           const Document* oas) const {
  const DefinitionFiles files(control_.config());
  if (!isSafeApiId(id) || files.wouldReplaceCompanion(id)) return statusMessage(400, kInvalidId);
  const Api known = loaded != nullptr ? loaded : find(id);
  const std::string stem = files.stem(id, known.get());
  const auto written =
      files.write(stem, pretty(classic), oas != nullptr ? pretty(*oas) : std::string{});
  if (!written) {
    TYKPP_LOG(err, "api", "definition not written api_id={} error={}", log::quoted(id),
              log::quoted(written.error().message()));
    return statusMessage(500, "file object creation failed, write error");
  }
  TYKPP_LOG(info, "api", "definition written api_id={} file={}", log::quoted(id),
            log::quoted(files.directory() + "/" + stem + ".json"));
  return modified(id, loaded != nullptr ? "modified" : "added");
}

AdminReply ApiCalls::remove(const std::string& id) {
  if (!isSafeApiId(id)) return statusMessage(400, kInvalidId);
  const Api loaded = find(id);
  if (loaded == nullptr) return statusMessage(404, kNotFound);
  const DefinitionFiles files(control_.config());
  const auto removed = files.remove(files.stem(id, loaded.get()), loaded->is_oas);
  if (!removed) {
    TYKPP_LOG(err, "api", "definition not removed api_id={} error={}", log::quoted(id),
              log::quoted(removed.error().message()));
    return statusMessage(500, "Delete failed");
  }
  TYKPP_LOG(info, "api", "definition removed api_id={}", log::quoted(id));
  removeFromBase(id);
  return modified(id, "deleted");
}

AdminReply ApiCalls::listOas() const {
  AdminReply reply;
  reply.body = "[";
  for (const Api& api : sorted()) {
    if (!api->is_oas || api->oas_text.empty()) continue;
    if (reply.body.size() > 1) reply.body += ',';
    reply.body += htmlSafe(api->oas_text);
  }
  reply.body += "]";
  return reply;
}

AdminReply ApiCalls::getOas(const std::string& id) const {
  const Api api = find(id);
  if (api == nullptr) return statusMessage(404, kNotFound, false);
  if (!api->is_oas || api->oas_text.empty()) return statusMessage(400, kNotOas, false);
  AdminReply reply;
  reply.body = htmlSafe(api->oas_text);
  addBaseId(reply, *api);
  return reply;
}

AdminReply ApiCalls::createOas(const AdminRequest& request) {
  if (auto refused = refusedVersion(request)) return std::move(*refused);
  auto document = parseObject(request.body);
  if (!document) return statusMessage(400, "request malformed");
  if (valueAt(*document, "/x-tyk-api-gateway") == nullptr) {
    return statusMessage(400, "the payload should contain x-tyk-api-gateway");
  }
  std::string id = textAt(*document, kOasIdPointer);
  if (id.empty()) id = makeApiId();
  return created(storeOas(std::move(*document), id, nullptr, request), request, id);
}

AdminReply ApiCalls::updateOas(const std::string& id, const AdminRequest& request) {
  if (!isSafeApiId(id)) return statusMessage(400, kInvalidId);
  const Api loaded = find(id);
  if (loaded == nullptr) return statusMessage(404, kNotFound);
  if (!loaded->is_oas) {
    return statusMessage(400,
                         "the supplied API definition is in OAS format, please use the Tyk classic "
                         "format for this API");
  }
  auto document = parseObject(request.body);
  if (!document) return statusMessage(400, "request malformed");
  if (valueAt(*document, "/x-tyk-api-gateway") == nullptr) {
    return statusMessage(400, "the payload should contain x-tyk-api-gateway");
  }
  if (textAt(*document, kOasIdPointer) != id) return statusMessage(400, kMismatch);
  return storeOas(std::move(*document), id, loaded, request);
}

AdminReply ApiCalls::storeOas(Document document, const std::string& id, const Api& loaded,
                              const AdminRequest& request, bool imported) {
  Document& extension = document["x-tyk-api-gateway"];
  if (!extension.is_object()) return statusMessage(400, "x-tyk-api-gateway: not an object");
  Document& info = extension["info"];
  if (info.is_null()) info = Document::object();
  if (!info.is_object()) return statusMessage(400, "x-tyk-api-gateway.info: not an object");
  info["id"] = id;

  definition::Problems problems;
  const auto text = definition::convertOasToClassic(
      document.dump(-1, ' ', false, Document::error_handler_t::replace), problems);
  if (!text) {
    std::string reasons;
    for (const definition::Problem& problem : problems) {
      if (problem.severity != definition::Severity::kError) continue;
      if (!reasons.empty()) reasons += '\n';
      // Whoever imports knows of parameters, not of what they made.
      const std::string parameter = importParameterOf(problem.pointer);
      if (imported && !parameter.empty()) reasons += parameter + ": ";
      reasons += problem.pointer + ": " + problem.reason;
    }
    if (reasons.empty()) reasons = text.error().message();
    return statusMessage(text.error().code() == Errc::kNotBuilt ? 501 : 400, reasons);
  }
  auto classic = parseObject(*text);
  if (!classic) return statusMessage(500, "marshalling failed");
  (*classic)["api_id"] = id;
  (*classic)["is_oas"] = true;
  if (const auto reason = firstBrokenRule(*classic)) return broken(*reason);
  if (const auto reason = brokenBalancing(document)) return broken(*reason);
  setServers(document, *classic, loaded, request);
  return store(id, loaded, *classic, &document);
}

std::string ApiCalls::gatewayUrl(std::string_view domain, std::string_view listen_path,
                                 const AdminRequest& request) const {
  const definition::GatewayConfig& config = control_.config();
  std::string url = config.http_server_options.use_ssl ? "https://" : "http://";
  if (!domain.empty()) return url.append(domain).append(listen_path);
  if (!config.hostname.empty()) {
    url += config.hostname;
  } else if (!config.listen_address.empty()) {
    url += config.listen_address;
  } else {
    // The name under which the caller reached us, on the port of the APIs.
    const std::size_t colon = request.host.rfind(':');
    const bool port =
        colon != std::string::npos && request.host.find(']', colon) == std::string::npos;
    const std::string name = port ? request.host.substr(0, colon) : request.host;
    url += name.empty() ? "localhost" : name;
  }
  return url.append(":").append(std::to_string(config.listen_port)).append(listen_path);
}

void ApiCalls::setServers(Document& document, const Document& classic, const Api& loaded,
                          const AdminRequest& request) const {
  const std::string url =
      gatewayUrl(textAt(classic, "/domain"), textAt(classic, "/proxy/listen_path"), request);
  const std::string earlier =
      loaded != nullptr ? gatewayUrl(loaded->domain, loaded->listen_path, request) : url;
  Document servers = Document::array();
  servers.push_back({{"url", url}});
  if (const Document* given = valueAt(document, "/servers");
      given != nullptr && given->is_array()) {
    for (const Document& server : *given) {
      const std::string text = textAt(server, "/url");
      if (text != url && text != earlier) servers.push_back(server);
    }
  }
  document["servers"] = std::move(servers);
}

}  // namespace tykpp::admin
