#include "drivers/js/impl/apply.hpp"

#include <nlohmann/json.hpp>

#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "drivers/coprocess/message.hpp"
#include "drivers/message_edit.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::js {
namespace {

using Json = nlohmann::json;

/// Deletes, then sets; several values of one name (ours) follow the first. @return the name that
/// cannot be sent, or empty
std::string changeHeaders(http::Headers& headers, const std::vector<std::string>& removed,
                          const std::vector<Pair>& set, bool verbatim) {
  for (const std::string& name : removed) deleteHeader(headers, name);
  for (std::size_t i = 0; i < set.size(); ++i) {
    const auto& [name, value] = set[i];
    const bool again = i > 0 && set[i - 1].first == name;
    if (!(again ? addHeader(headers, name, value, verbatim)
                : setHeader(headers, name, value, verbatim)))
      return log::quoted(name).substr(0, 100);
  }
  return {};
}

void changeQuery(http::Exchange& exchange, RequestReply& reply) {
  QueryEdit edit;
  edit.remove = std::move(reply.delete_params);
  edit.set = std::move(reply.add_params);
  for (auto& [name, values] : reply.extended_params) {
    for (std::string& value : values) edit.append.emplace_back(name, std::move(value));
  }
  if (edit.empty()) return;
  const std::string_view before = exchange.request().query;
  const std::string after = editedQuery(before, edit);
  if (after != before) setQuery(exchange, after);
}

/// An answer of the script's own, with what the reference puts beside it.
HookVerdict force(http::Exchange& exchange, const HookFacts& facts, std::int64_t code,
                  const std::vector<Pair>& headers, std::string body) {
  answerRaw(exchange, code, {}, std::move(body), facts.verbatim_names);
  http::Response& response = exchange.response();
  changeHeaders(response.headers, {}, headers, facts.verbatim_names);
  response.headers.set(http::HeaderId::kServer, "tyk");
  response.headers.setCopy(http::HeaderId::kDate, httpDate());
  for (const char* name : {"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"}) {
    response.headers.set(name, "0");
  }
  return HookVerdict::kRespond;
}

Result<void> attachSession(http::Exchange& exchange, const HookFacts& facts,
                           const RequestReply& reply) {
  if (!facts.attaches_session) return {};
  auto session = session::SessionState::parse(
      reply.session.empty() ? std::string("{}") : reply.session, reply.auth_value);
  if (!session) {
    return failure(facts.hook, "the session that the plugin made: " + session.error().where() +
                                   " " + session.error().message());
  }
  exchange.session = std::make_shared<session::SessionState>(std::move(*session));
  return {};
}

}  // namespace

Error failure(Hook hook, std::string detail, Errc code) {
  return Error(code, Side::kPlugin, 500,
               hook == Hook::kResponse ? "Middleware error" : "Internal Server Error")
      .withDetail(std::move(detail));
}

void replaceMetadata(http::Exchange& exchange, const std::string& meta) {
  if (exchange.session == nullptr) return;
  Json wanted = meta.empty() ? Json::object() : Json::parse(meta, nullptr, false);
  Json session = Json::parse(exchange.session->json(), nullptr, false);
  if (!wanted.is_object() || !session.is_object()) return;
  Json& now = session["meta_data"];
  if (!now.is_object()) now = Json::object();
  if (now == wanted) return;
  now = std::move(wanted);
  auto changed = session::SessionState::parse(
      session.dump(-1, ' ', false, Json::error_handler_t::replace), exchange.session->token());
  if (changed) {
    exchange.session = std::make_shared<session::SessionState>(std::move(*changed));
    return;
  }
  TYKPP_LOG(err, "jsvm", "the session's metadata stays as it was: {} {}", changed.error().where(),
            changed.error().message());
}

Result<HookVerdict> applyRequest(http::Exchange& exchange, const HookFacts& facts,
                                 RequestReply reply) {
  if (!reply.ignore_body) setRequestBody(exchange, std::move(reply.body));
  if (!reply.url.empty() && reply.url != requestUrl(exchange) && !setUrl(exchange, reply.url)) {
    TYKPP_LOG(err, "jsvm", "the plugin's URL is no path and no URL; the old one stays url={}",
              log::quoted(reply.url).substr(0, 200));
  }
  const std::string unfit = changeHeaders(exchange.request().headers, reply.delete_headers,
                                          reply.set_headers, facts.verbatim_names);
  if (!unfit.empty()) {
    return failure(facts.hook, "the plugin sets a header that cannot be sent: " + unfit);
  }
  changeQuery(exchange, reply);
  const bool shares_session = facts.hook == Hook::kPostAuth || facts.hook == Hook::kPost;
  if (shares_session && facts.require_session) replaceMetadata(exchange, reply.session_meta);
  ReturnOverrides& over = reply.overrides;
  if (!over.error.empty()) over.body = std::move(over.error);
  if (over.code >= 400 && !over.override_error) {
    return refusal(exchange, over.code, over.headers, std::move(over.body), facts.verbatim_names);
  }
  if (over.code != 0) {
    exchange.answer_passes_response_chain = facts.hook != Hook::kPre;
    return force(exchange, facts, over.code, over.headers, std::move(over.body));
  }
  if (facts.hook == Hook::kAuth) {
    if (auto attached = attachSession(exchange, facts, reply); !attached) return attached.error();
  }
  return HookVerdict::kContinue;
}

Result<HookVerdict> applyResponse(http::Exchange& exchange, const HookFacts& facts,
                                  ResponseReply reply) {
  http::Response& response = exchange.response();
  if (reply.status != 0 && (reply.status < 200 || reply.status > 599)) {
    return failure(facts.hook, "the plugin sets the status " + std::to_string(reply.status));
  }
  const std::string unfit = changeHeaders(response.headers, reply.delete_headers, reply.set_headers,
                                          facts.verbatim_names);
  if (!unfit.empty()) {
    return failure(facts.hook, "the plugin sets a header that cannot be sent: " + unfit);
  }
  // Equal bodies stay: an upstream's bytes come through a script that does not touch them.
  if (response.body() == nullptr || *response.body() != reply.body) {
    response.setBody(std::move(reply.body));
  }
  if (reply.status != 0 && reply.status != response.status) {
    response.status = static_cast<std::uint16_t>(reply.status);
    response.reason = {};
  }
  return HookVerdict::kContinue;
}

Result<HookVerdict> applyVirtual(http::Exchange& exchange, const HookFacts& facts,
                                 VirtualReply reply) {
  if (facts.require_session) replaceMetadata(exchange, reply.session_meta);
  exchange.answer_passes_response_chain = true;
  return force(exchange, facts, reply.code == 0 ? 200 : reply.code, reply.headers,
               std::move(reply.body));
}

}  // namespace tykpp::drivers::js
