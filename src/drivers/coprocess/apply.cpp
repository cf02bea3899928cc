// What counts of a coprocess plugin's answer.

#include <algorithm>
#include <string>

#include "base/log.hpp"
#include "drivers/coprocess/message.hpp"
#include "drivers/message_edit.hpp"
#include "http/upstream_change.hpp"
#include "session/session_state.hpp"

namespace tykpp::drivers::coprocess {
namespace {

using Json = nlohmann::json;

Error badReply(std::string detail) {
  return Error(Errc::kPluginFailed, Side::kPlugin, 500, "Middleware error")
      .withDetail(std::move(detail));
}

Result<void> applyHeaders(http::Exchange& exchange, const Facts& facts, const RequestReply& reply) {
  http::Headers& headers = exchange.request().headers;
  for (const std::string& name : reply.delete_headers) deleteHeader(headers, name);
  for (const auto& [name, value] : reply.set_headers) {
    if (!setHeader(headers, name, value, facts.verbatim_names)) {
      return badReply("the plugin sets a header that cannot be sent: " +
                      log::quoted(name).substr(0, 100));
    }
  }
  return {};
}

/// A rewritten URL stays one of the host it leads to, unless that is what the plugin changes.
bool setRewrittenUrl(http::Exchange& exchange, std::string_view url) {
  Arena& arena = exchange.arena();
  http::UpstreamChange changed = *exchange.upstream_change;
  const bool absolute = url.find("://") != std::string_view::npos;
  if ((!absolute && !url.starts_with('/')) || !changed.setUrl(arena.copy(url), arena)) return false;
  if (exchange.upstream_change->authority.empty()) changed.authority = changed.scheme = {};
  *exchange.upstream_change = changed;
  return true;
}

/// The URL that was shown goes on: the request's, or where a rewrite sent it.
bool setShownUrl(http::Exchange& exchange, std::string_view url) {
  const http::UpstreamChange* change = exchange.upstream_change;
  return change != nullptr && change->rewritten ? setRewrittenUrl(exchange, url)
                                                : setUrl(exchange, url);
}

bool setShownMethod(http::Exchange& exchange, std::string_view method) {
  http::UpstreamChange* change = exchange.upstream_change;
  if (change == nullptr || change->method.empty()) return setMethod(exchange, method);
  if (method == change->method) return true;
  constexpr std::size_t kMaxMethodBytes = 64;
  if (method.size() > kMaxMethodBytes || !http::isToken(method)) return false;
  change->method = exchange.arena().copy(method);
  return true;
}

/// Only the parameter lists change the query: an edited `url` counts for its path alone.
Result<void> applyUrl(http::Exchange& exchange, RequestReply& reply) {
  QueryEdit edit;
  edit.remove = std::move(reply.delete_params);
  edit.set = std::move(reply.add_params);
  const bool edits = !edit.empty();
  if (!edits && !reply.url) return {};
  const std::string query = editedQuery(exchange.request().query, edit);
  if (reply.url && *reply.url != shownUrl(exchange) && !setShownUrl(exchange, *reply.url)) {
    return badReply("the plugin sets a URL that is no absolute path or URL: " +
                    log::quoted(*reply.url).substr(0, 200));
  }
  if (!sameQuery(exchange.request().query, query)) setQuery(exchange, query);
  return {};
}

/// The stored form of a session that a plugin made.
Json storedSession(const Json& message, const Facts& facts) {
  Json stored = Json::object();
  for (const auto& [name, value] : message.items()) {
    if (name == "metadata") {
      stored["meta_data"] = value;
    } else if (name == "hmac_secret") {
      stored["hmac_string"] = value;
    } else if (name == "basic_auth_data" && value.is_object()) {
      stored[name] = {{"password", value.value("password", "")},
                      {"hash_type", value.value("hash", "")}};
    } else if (name != "key_id" && name != "org_id") {
      stored[name] = value;
    }
  }
  stored["org_id"] = facts.org_id;
  return stored;
}

Error forbidden() { return Error(Errc::kForbidden, Side::kPlugin, 403, "Forbidden"); }

Result<HookVerdict> attachSession(http::Exchange& exchange, const Facts& facts,
                                  RequestReply& reply) {
  if (!reply.session || !reply.session->is_object()) return forbidden();
  Json& message = *reply.session;
  Json& metadata = message["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  for (auto& [name, value] : reply.metadata) metadata[name] = std::move(value);
  const auto token = metadata.find("token");
  if (token == metadata.end() || !token->is_string() ||
      token->get_ref<const std::string&>().empty())
    return forbidden();
  const std::string key = token->get<std::string>();
  const Json stored = storedSession(message, facts);
  auto session = session::SessionState::parse(
      stored.dump(-1, ' ', false, Json::error_handler_t::replace), key);
  if (!session) {
    return failure(Hook::kAuth, "the session that the plugin made: " + session.error().where() +
                                    " " + session.error().message());
  }
  if (facts.attaches_session) {
    exchange.session = std::make_shared<session::SessionState>(std::move(*session));
  }
  return HookVerdict::kContinue;
}

/// Whether the exchange has an early answer or refusal in these overrides.
bool ends(const Overrides& overrides) noexcept { return overrides.code > 0; }

Result<HookVerdict> endEarly(http::Exchange& exchange, const Facts& facts, Overrides overrides) {
  std::string body =
      overrides.error.empty() ? std::move(overrides.body) : std::move(overrides.error);
  if (overrides.code >= 400 && !overrides.override_error) {
    TYKPP_LOG(info, "coprocess", "Attempted access with invalid key api_id={} request_id={}",
              log::quoted(facts.api_id), exchange.requestId());
    if (body.empty()) body = "Key not authorised";
    return refusal(exchange, overrides.code, overrides.headers, std::move(body),
                   facts.verbatim_names);
  }
  return answerRaw(exchange, overrides.code, overrides.headers, std::move(body),
                   facts.verbatim_names);
}

/// The answer's fields after a plugin changed the map of single values: it decides which names
/// there are and what their first value is.
std::vector<HeaderValues> reconciled(const std::vector<Pair>& single,
                                     std::vector<HeaderValues> multi) {
  const auto inMap = [&single](const HeaderValues& header) {
    return std::any_of(single.begin(), single.end(),
                       [&header](const Pair& pair) { return pair.first == header.name; });
  };
  std::erase_if(multi, [&](const HeaderValues& header) { return !inMap(header); });
  for (const auto& [name, value] : single) {
    const auto found =
        std::find_if(multi.begin(), multi.end(),
                     [&name = name](const HeaderValues& header) { return header.name == name; });
    if (found == multi.end()) {
      multi.push_back({name, {value}});
    } else if (found->values.empty()) {
      found->values.push_back(value);
    } else {
      found->values.front() = value;
    }
  }
  return multi;
}

}  // namespace

Error failure(Hook hook, std::string detail, Errc code) {
  Error error = hook == Hook::kAuth ? Error(code, Side::kPlugin, 403, "Key not authorised")
                                    : Error(code, Side::kPlugin, 500, "Middleware error");
  return std::move(error).withDetail(std::move(detail));
}

Result<HookVerdict> apply(HookCall& call, const Facts& facts, RequestReply reply) {
  http::Exchange& exchange = call.exchange;
  if (reply.raw_body) setRequestBody(exchange, std::move(*reply.raw_body));
  if (auto done = applyHeaders(exchange, facts, reply); !done) return done.error();
  if (auto done = applyUrl(exchange, reply); !done) return done.error();
  if (reply.method && !setShownMethod(exchange, *reply.method)) {
    return badReply("the plugin sets a method that is no token");
  }
  if (ends(reply.overrides)) return endEarly(exchange, facts, std::move(reply.overrides));
  if (call.hook == Hook::kAuth) return attachSession(exchange, facts, reply);
  return HookVerdict::kContinue;
}

Result<HookVerdict> applyResponse(HookCall& call, const Facts& facts, ResponseReply reply) {
  http::Response& response = call.exchange.response();
  const std::vector<HeaderValues> fields =
      reply.headers ? reconciled(*reply.headers, std::move(reply.multivalue_headers))
                    : std::move(reply.multivalue_headers);
  // The fields of the message's frame stay the gateway's.
  response.headers.eraseIf(
      [](const http::HeaderField& field) { return !belongsToGateway(field.id); });
  for (const HeaderValues& field : fields) {
    for (const std::string& value : field.values) {
      if (!addHeader(response.headers, field.name, value, facts.verbatim_names)) {
        return badReply("the plugin sets a header that cannot be sent: " +
                        log::quoted(field.name).substr(0, 100));
      }
    }
  }
  if (reply.raw_body) response.setBody(std::move(*reply.raw_body));
  if (reply.status != 0) {
    if (reply.status < 200 || reply.status > 599) {
      return badReply("the plugin sets the status " + std::to_string(reply.status));
    }
    if (reply.status != response.status) response.reason = {};
    response.status = static_cast<std::uint16_t>(reply.status);
  }
  return HookVerdict::kContinue;
}

}  // namespace tykpp::drivers::coprocess
