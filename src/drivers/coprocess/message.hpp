#pragma once
// What Python, Lua and gRPC plugins see of a request and what of their answer counts: the rules of
// the coprocess object, with no language in them. A driver builds its own objects from the
// functions of the first part, fills a RequestReply or ResponseReply from what the plugin left, and
// has it applied. Thread: the call's worker, unless said otherwise.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "definition/api_spec.hpp"
#include "drivers/plugin_driver.hpp"
#include "http/exchange.hpp"

namespace tykpp::session {
class SessionState;
}

namespace tykpp::drivers::coprocess {

using Pair = std::pair<std::string, std::string>;
using ViewPair = std::pair<std::string_view, std::string_view>;

/// What does not change between calls of one hook. Immutable.
struct Facts {
  std::string hook_name;
  std::string driver;  ///< for log lines
  std::string api_id;
  std::string org_id;
  std::vector<Pair>
      spec;  ///< `OrgID`, `APIID`, `bundle_hash` and, when the API has any, `config_data`
  bool raw_body_only = false;
  bool verbatim_names = false;   ///< `ignore_canonical_mime_header_key`
  bool attaches_session = true;  ///< ApiSpec::customAuthGivesSession

  static Facts of(const definition::PluginRef& ref, const definition::ApiSpec& api,
                  bool verbatim_names);
};

// --- What a plugin is shown. Views live as long as the exchange (texts that had to be made: in its
// arena).

/// The first value of each header under its canonical name, and `Host`; sorted by nothing.
std::vector<ViewPair> requestHeaders(http::Exchange& exchange);
/// The first value of each query parameter, decoded.
std::vector<ViewPair> requestParams(http::Exchange& exchange);
/// The same of a query that is no request's any more.
std::vector<Pair> queryParams(std::string_view query);
/// The request target as it was received; behind a URL rewrite the rewritten URL.
std::string_view requestUri(http::Exchange& exchange);
/// Path and query as they go on now; behind a URL rewrite the rewritten URL.
std::string_view shownUrl(http::Exchange& exchange);
/// The method; behind a method transform the one that goes upstream.
std::string_view shownMethod(const http::Exchange& exchange);
inline std::string_view requestScheme(const http::Exchange& exchange) {
  return exchange.peer.tls ? "https" : "http";
}
/// The request's body, empty when it has none. The hook asked for it with BodyNeed::kBuffer.
std::string_view requestBody(const http::Exchange& exchange);
/// Headers of the answer at the response hook: every field in order, canonical names.
std::vector<ViewPair> responseFields(http::Exchange& exchange);
/// `Pre`, `Post` … as the protocol numbers hooks: Pre 1, Post 2, PostKeyAuth 3, CustomKeyCheck 4,
/// Response 5.
int hookType(Hook hook) noexcept;

/// The session as the message of the protocol, names and values as in its JSON form (`metadata`,
/// `hmac_secret` …), zero values absent; null when the hook gets none.
/// @param token  becomes `key_id`
nlohmann::json sessionMessage(const http::Exchange& exchange, Hook hook);

/// The same of a session alone. Thread: any, the session does not change.
nlohmann::json sessionMessage(const session::SessionState& session);

// --- What counts of a plugin's answer.

struct Overrides {
  std::int64_t code = 0;  ///< `response_code`; 0 and below: go on
  std::string error;      ///< `response_error`, comes before body
  std::string body;       ///< `response_body`
  std::vector<Pair> headers;
  bool override_error = false;
};

/// A request hook's answer. What is unset leaves the request as it is.
struct RequestReply {
  std::optional<std::string> raw_body;
  std::vector<std::string> delete_headers;
  std::vector<Pair> set_headers;
  std::vector<std::string> delete_params;
  std::vector<Pair> add_params;
  std::optional<std::string> url;
  std::optional<std::string> method;
  Overrides overrides;
  std::optional<nlohmann::json> session;  ///< the message; counts at the auth hook alone
  std::vector<Pair> metadata;             ///< merged into the session's
};

/// Applies the answer of a pre, auth, post-auth or post hook in the order of the reference. At the
/// auth hook the session is checked and attached.
/// @error  what the client gets: 500 "Middleware error", 403 "Forbidden", or the plugin's own
/// refusal
Result<HookVerdict> apply(HookCall& call, const Facts& facts, RequestReply reply);

/// A field with all its values.
struct HeaderValues {
  std::string name;
  std::vector<std::string> values;
};

/// A response hook's answer.
struct ResponseReply {
  std::int64_t status = 0;  ///< 0: the upstream's
  /// The map of single values, when it differs from what the plugin was given.
  std::optional<std::vector<Pair>> headers;
  std::vector<HeaderValues> multivalue_headers;
  std::optional<std::string> raw_body;
};

/// Applies the answer of a response hook: the plugin's headers, body and status replace the
/// upstream's.
/// @error  500 "Middleware error" when something in it cannot be sent
Result<HookVerdict> applyResponse(HookCall& call, const Facts& facts, ResponseReply reply);

/// What the client gets when a plugin failed: 403 "Key not authorised" at the auth hook, else 500
/// "Middleware error".
/// @param detail  for the log
Error failure(Hook hook, std::string detail, Errc code = Errc::kPluginFailed);

}  // namespace tykpp::drivers::coprocess
