// Exports and imports of OAS documents.

#include "admin/impl/answers.hpp"
#include "admin/impl/api_calls.hpp"
#include "admin/impl/oas_import.hpp"

namespace tykpp::admin {
namespace {

/// The document as it is downloaded; the public form lacks our part.
Document exported(const definition::ApiSpec& api, bool public_form) {
  auto document = parseObject(api.oas_text);
  if (!document) return Document::object();
  if (public_form) document->erase("x-tyk-api-gateway");
  return std::move(*document);
}

AdminReply attachment(const Document& content, const std::string& name) {
  AdminReply reply;
  reply.content_type = "application/octet-stream";
  reply.body = htmlSafe(content.dump(2, ' ', false, Document::error_handler_t::replace));
  reply.headers.emplace_back("Content-Disposition", "attachment;filename=\"" + name + "\"");
  return reply;
}

/// An id inside a quoted file name.
std::string forFileName(const std::string& id) {
  std::string out;
  for (const char c : id) {
    const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
    out += plain ? c : '_';
  }
  return out;
}

bool isPublic(const AdminRequest& request) { return queryValue(request.query, "mode") == "public"; }

}  // namespace

AdminReply ApiCalls::exportOas(const std::string& id, const AdminRequest& request) const {
  AdminReply problem = getOas(id);
  if (problem.status != 200) return problem;
  const bool public_form = isPublic(request);
  const std::string prefix = public_form ? "oas-" : "TykOasApiDef-";
  return attachment(exported(*find(id), public_form), prefix + forFileName(id) + ".json");
}

AdminReply ApiCalls::exportAllOas(const AdminRequest& request) const {
  const bool public_form = isPublic(request);
  Document all = Document::array();
  for (const Api& api : sorted()) {
    if (api->is_oas && !api->oas_text.empty()) all.push_back(exported(*api, public_form));
  }
  return attachment(all, public_form ? "oas.json" : "TykOasApiDef.json");
}

AdminReply ApiCalls::importOas(const AdminRequest& request) {
  if (auto refused = refusedVersion(request)) return std::move(*refused);
  auto document = parseObject(request.body);
  if (!document) return statusMessage(400, "request malformed");
  if (valueAt(*document, "/x-tyk-api-gateway") != nullptr) {
    return statusMessage(400, "the import payload should not contain x-tyk-api-gateway");
  }
  if (const auto problem = addImportExtension(*document, request.query)) {
    return statusMessage(400, *problem);
  }
  std::string id = textAt(*document, kOasIdPointer);
  if (id.empty()) id = makeApiId();
  return created(storeOas(std::move(*document), id, nullptr, request, true), request, id);
}

}  // namespace tykpp::admin
