#include "middleware/header_transform.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "http/upstream_change.hpp"
#include "middleware/variables.hpp"

namespace tykpp::middleware {
namespace {

using definition::TransformRules;
using http::HeaderId;

bool belongsToFrame(HeaderId id) noexcept {
  return id == HeaderId::kHost || id == HeaderId::kContentLength || http::isHopByHop(id);
}

/// A value that can be sent: what a client brought in may hold line ends.
std::string_view sendable(std::string_view value, Arena& arena) {
  value = trim(value);
  if (http::isFieldValue(value)) [[likely]]
    return value;
  char* out = static_cast<char*>(arena.allocate(value.size(), 1));
  std::replace_copy_if(
      value.begin(), value.end(), out,
      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }, ' ');
  return trim({out, value.size()});
}

template <class Endpoints>
Result<void> compile(const std::vector<definition::EndpointHeaders>& rules,
                     const chain::BuildContext& build, Endpoints& out) {
  for (const definition::EndpointHeaders& rule : rules) {
    HeaderEditor editor(rule.edit, build.config.ignore_canonical_mime_header_key);
    auto added = out.add(rule.place, build.api.transforms->matching, std::move(editor));
    if (!added) return added;
  }
  return {};
}

}  // namespace

HeaderEditor::HeaderEditor(const definition::HeaderEdit& edit, bool verbatim) {
  for (const std::string& name : edit.remove) {
    const HeaderId id = http::internHeader(name);
    removes_forwarded_for_ = removes_forwarded_for_ || id == HeaderId::kXForwardedFor;
    if (!belongsToFrame(id)) remove_.push_back({id, name});
  }
  for (const auto& [given, value] : edit.set) {
    const HeaderId id = http::internHeader(given);
    if (belongsToFrame(id)) continue;
    std::string name = given;
    if (!verbatim) http::canonicalise(name.data(), name.size());
    set_.push_back({id, std::move(name), value});
  }
}

void HeaderEditor::apply(http::Headers& headers, http::Exchange& exchange) const {
  for (const Remove& entry : remove_) headers.erase({entry.id, entry.name});
  for (const Set& entry : set_) {
    const std::string_view value = rendered(entry.value, exchange, Escaping::kNone);
    headers.set({entry.id, entry.name}, sendable(value, exchange.arena()));
  }
}

Result<std::vector<std::unique_ptr<chain::Step>>> RequestHeaders::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const TransformRules* rules = build.api.transforms.get();
  if (rules == nullptr ||
      (rules->request_headers.empty() && rules->endpoint_request_headers.empty()))
    return steps;
  auto step = std::make_unique<RequestHeaders>(
      HeaderEditor(rules->request_headers, build.config.ignore_canonical_mime_header_key));
  if (auto done = compile(rules->endpoint_request_headers, build, step->endpoints_); !done)
    return done.error();
  steps.push_back(std::move(step));
  return steps;
}

void RequestHeaders::apply(const HeaderEditor& editor, http::Exchange& exchange) {
  editor.apply(exchange.request().headers, exchange);
  if (editor.removesForwardedFor()) http::upstreamChangeOf(exchange).hides_client = true;
}

Result<chain::Verdict> RequestHeaders::onRequest(http::Exchange& exchange) const {
  apply(global_, exchange);
  if (endpoints_.empty()) return chain::Verdict::kContinue;
  if (const HeaderEditor* editor = endpoints_.find(exchange); editor != nullptr)
    apply(*editor, exchange);
  return chain::Verdict::kContinue;
}

Result<std::vector<std::unique_ptr<chain::ResponseStep>>> ResponseHeaders::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::ResponseStep>> steps;
  const TransformRules* rules = build.api.transforms.get();
  if (rules == nullptr ||
      (rules->response_headers.empty() && rules->endpoint_response_headers.empty() &&
       rules->processor_headers.empty()))
    return steps;
  const bool verbatim = build.config.ignore_canonical_mime_header_key;
  auto step = std::make_unique<ResponseHeaders>(HeaderEditor(rules->response_headers, verbatim),
                                                HeaderEditor(rules->processor_headers, verbatim));
  if (auto done = compile(rules->endpoint_response_headers, build, step->endpoints_); !done)
    return done.error();
  steps.push_back(std::move(step));
  return steps;
}

Result<chain::Verdict> ResponseHeaders::onResponse(http::Exchange& exchange) const {
  http::Headers& headers = exchange.response().headers;
  if (!endpoints_.empty()) {
    const HeaderEditor* editor = endpoints_.find(exchange);
    if (editor != nullptr) editor->apply(headers, exchange);
  }
  global_.apply(headers, exchange);
  processor_.apply(headers, exchange);
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
