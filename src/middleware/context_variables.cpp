#include "middleware/context_variables.hpp"

#include <memory>
#include <span>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/transform_rules.hpp"
#include "http/client_address.hpp"
#include "http/request_context.hpp"
#include "middleware/form_fields.hpp"

namespace tykpp::middleware {
namespace {

/// A copy of the list; the texts stay where they are for as long as the exchange.
std::span<const http::HeaderField> copied(const http::Headers& headers) {
  if (headers.size() == 0) return {};
  auto* out = static_cast<http::HeaderField*>(headers.arena().allocate(
      headers.size() * sizeof(http::HeaderField), alignof(http::HeaderField)));
  std::uninitialized_copy(headers.begin(), headers.end(), out);
  return {out, headers.size()};
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> ContextVariables::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  if (!build.api.context_variables) return steps;
  const bool needs_form = build.api.transforms != nullptr && build.api.transforms->needs_form;
  steps.push_back(
      std::make_unique<ContextVariables>(build.config.http_server_options.xff_depth, needs_form));
  return steps;
}

Result<chain::Verdict> ContextVariables::onRequest(http::Exchange& exchange) const {
  const http::Request& request = exchange.request();
  http::RequestContext& context = http::contextOf(exchange);
  context.recorded = true;
  context.host = request.host;
  context.path = request.path;
  context.remote_address = http::clientAddress(exchange, xff_depth_);
  context.headers = copied(request.headers);
  if (needs_form_) readFormFields(exchange, context.form);
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
