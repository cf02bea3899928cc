#include "admin/impl/debug_calls.hpp"

#include "admin/impl/answers.hpp"
#include "admin/impl/document.hpp"
#include "base/ascii.hpp"

namespace tykpp::admin {
namespace {

/// The member, exactly spelt if there is one; null when it is missing or says null.
const Document* anyCaseMember(const Document& object, std::string_view name) {
  const Document* found = nullptr;
  for (const auto& [key, value] : object.items()) {
    if (key == name || (found == nullptr && equalsIgnoreCase(key, name))) found = &value;
    if (key == name) break;
  }
  return found == nullptr || found->is_null() ? nullptr : found;
}

bool takeText(const Document& object, std::string_view name, std::string& to) {
  const Document* found = anyCaseMember(object, name);
  if (found == nullptr) return true;
  if (!found->is_string()) return false;
  to = found->get<std::string>();
  return true;
}

bool takeHeaders(const Document& request, http::RequestParts& to) {
  const Document* headers = anyCaseMember(request, "headers");
  if (headers == nullptr) return true;
  if (!headers->is_object()) return false;
  for (const auto& [name, values] : headers->items()) {
    if (values.is_null()) continue;
    if (!values.is_array()) return false;
    for (const Document& value : values) {
      if (!value.is_string()) return false;
      to.headers.emplace_back(name, value.get<std::string>());
    }
  }
  return true;
}

}  // namespace

Result<DebugCall> readDebugCall(std::string_view body) {
  const Error malformed(Errc::kBadRequest, "Request malformed");
  const auto document = parseObject(body);
  if (!document) return malformed;
  const Document* classic = anyCaseMember(*document, "spec");
  const Document* oas = anyCaseMember(*document, "oas");
  const Document* request = anyCaseMember(*document, "request");
  for (const Document* member : {classic, oas, request}) {
    if (member != nullptr && !member->is_object()) return malformed;
  }
  DebugCall call;
  if (request != nullptr &&
      (!takeText(*request, "method", call.request.method) ||
       !takeText(*request, "path", call.request.target) ||
       !takeText(*request, "body", call.request.body) || !takeHeaders(*request, call.request))) {
    return malformed;
  }
  if (classic == nullptr && oas == nullptr)
    return Error(Errc::kBadRequest, "Spec field is missing");
  if (request == nullptr) return Error(Errc::kBadRequest, "Request field is missing");
  call.oas = oas != nullptr;
  call.definition =
      (call.oas ? *oas : *classic).dump(-1, ' ', false, Document::error_handler_t::replace);
  return call;
}

AdminReply debugAnswer(const DebugOutcome& outcome) {
  if (outcome.end == DebugOutcome::End::kFailed) {
    return statusMessage(500, "Unexpected failure: " + outcome.failure);
  }
  const bool answered = outcome.end == DebugOutcome::End::kAnswered;
  AdminReply reply = jsonAnswer(
      std::string(R"({"message":)") + (answered ? R"("ok")" : R"("error")") + R"(,"response":)" +
      jsonString(outcome.dump) + R"(,"logs":)" + jsonString(outcome.logs) + "}");
  if (!answered) reply.status = 400;
  return reply;
}

}  // namespace tykpp::admin
