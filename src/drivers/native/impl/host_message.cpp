// Host functions over the request and the response.
#include <array>
#include <charconv>

#include "drivers/message_edit.hpp"
#include "drivers/native/impl/guard.hpp"
#include "drivers/native/impl/host_api.hpp"
#include "http/header_name.hpp"
#include "net/peer_certificates.hpp"

namespace tykpp::drivers::native {
namespace {

bool inRequestHook(const tykpp_call_host& call) noexcept { return call.hook <= Hook::kPost; }

/// Bytes a request target may have unescaped, as far as message framing is concerned.
bool isUrl(std::string_view text) noexcept {
  if (text.empty() || text.front() != '/') return false;
  for (const char c : text) {
    if (c <= 0x20 || c >= 0x7f || c == '#') return false;
  }
  return true;
}

/// The message's headers, or why there are none for this hook.
struct Access {
  std::int32_t code = TYKPP_OK;
  http::Headers* headers = nullptr;
};

Access readable(tykpp_call_host& call, std::int32_t message) {
  if (message == TYKPP_REQUEST) return {TYKPP_OK, &call.exchange->request().headers};
  if (message == TYKPP_ANSWER) {
    if (!inRequestHook(call)) return {TYKPP_ERR_NOT_HERE};
    return {TYKPP_OK, &call.exchange->answer_headers};
  }
  if (message != TYKPP_RESPONSE) return {TYKPP_ERR_ARGUMENT};
  if (inRequestHook(call) && !call.responded) return {TYKPP_ERR_NOT_HERE};
  return {TYKPP_OK, &call.exchange->response().headers};
}

Access writable(tykpp_call_host& call, std::int32_t message, std::string_view name) {
  const Access access = readable(call, message);
  if (access.code != TYKPP_OK) return access;
  const bool here = message == TYKPP_RESPONSE ? call.hook != Hook::kAnalytics : inRequestHook(call);
  if (!here) return {TYKPP_ERR_NOT_HERE};
  if (!http::isToken(name)) return {TYKPP_ERR_ARGUMENT};
  if (belongsToGateway(http::internHeader(name))) return {TYKPP_ERR_DENIED};
  call.changed |= message == TYKPP_REQUEST  ? kRequestHeadersChanged
                  : message == TYKPP_ANSWER ? kAnswerHeadersChanged
                                            : kResponseChanged;
  return access;
}

std::int32_t writeHeader(tykpp_call_host* call, std::int32_t message, tykpp_text_plugin name,
                         tykpp_text_plugin value, bool replace) noexcept {
  if (!valid(name) || !valid(value) || !http::isFieldValue(view(value))) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    const Access access = writable(live, message, view(name));
    if (access.code != TYKPP_OK) return access.code;
    Arena& arena = live.exchange->arena();
    const http::HeaderName own =
        headerNameFor(view(name), live.facts->ignore_canonical_names, arena);
    const std::string_view copy = arena.copy(view(value));
    if (replace) {
      access.headers->set(own, copy);
    } else {
      access.headers->add(own, copy);
    }
    return TYKPP_OK;
  });
}

/// Whether the hook may touch that body.
std::int32_t bodyAccess(const tykpp_call_host& call, std::int32_t message) noexcept {
  if (message != TYKPP_REQUEST && message != TYKPP_RESPONSE) return TYKPP_ERR_ARGUMENT;
  if (message == TYKPP_RESPONSE && call.responded) return TYKPP_OK;
  const bool here = message == TYKPP_REQUEST ? inRequestHook(call) : call.hook == Hook::kResponse;
  if (!here) return TYKPP_ERR_NOT_HERE;
  return call.facts->reads_body ? std::int32_t{TYKPP_OK} : std::int32_t{TYKPP_ERR_NOT_BUFFERED};
}

std::string_view inArena(std::uint64_t number, Arena& arena) {
  std::array<char, 20> digits;
  char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return arena.copy({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

/// Address and port as one text; a colon in the address (IPv6) wants brackets.
std::string_view remoteAddress(http::Exchange& exchange) {
  const http::Peer& peer = exchange.peer;
  Arena& arena = exchange.arena();
  const std::string_view port = inArena(peer.port, arena);
  if (peer.address.find(':') == std::string_view::npos) {
    return arena.concat(peer.address, ":", port);
  }
  return arena.concat("[", peer.address, "]:", port);
}

std::string_view certificatesOf(http::Exchange& exchange) {
  if (exchange.peer_certificates == nullptr) return {};
  return exchange.arena().copy(exchange.peer_certificates->joined());
}

/// `text` for the request's method, URL or host.
std::int32_t setRequestText(tykpp_call_host& call, std::int32_t field, std::string_view text) {
  http::Request& request = call.exchange->request();
  Arena& arena = call.exchange->arena();
  if (field == TYKPP_TEXT_METHOD) {
    if (!http::isToken(text) || text.size() > kMaxMethodBytes) return TYKPP_ERR_ARGUMENT;
    request.method = arena.copy(text);
    call.changed |= kMethodChanged;
    return TYKPP_OK;
  }
  if (field == TYKPP_TEXT_HOST) {
    if (text.empty() || text.size() > kMaxHostBytes || !http::isAuthority(text)) {
      return TYKPP_ERR_ARGUMENT;
    }
    request.host = arena.copy(text);
    call.changed |= kHostChanged;
    return TYKPP_OK;
  }
  if (text.substr(0, 6) == "tyk://") {
    hostLog(&call, TYKPP_LOG_WARN, {"internal tyk:// targets are not built yet", 41});
    return TYKPP_ERR_NOT_BUILT;
  }
  if (!isUrl(text) || !request.setTarget(arena.copy(text))) return TYKPP_ERR_ARGUMENT;
  call.changed |= kUrlChanged;
  return TYKPP_OK;
}

}  // namespace

std::int32_t hostText(tykpp_call_host* call, std::int32_t field, tykpp_text_host* out) noexcept {
  if (out == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    const http::Request& request = live.exchange->request();
    switch (field) {
      case TYKPP_TEXT_METHOD:
        return give(out, request.method);
      case TYKPP_TEXT_URL:
        return give(out, requestUrl(*live.exchange));
      case TYKPP_TEXT_PATH:
        return give(out, request.path);
      case TYKPP_TEXT_QUERY:
        return give(out, request.query);
      case TYKPP_TEXT_HOST:
        return give(out, request.host);
      case TYKPP_TEXT_SCHEME:
        return give(out, live.exchange->peer.tls ? "https" : "http");
      case TYKPP_TEXT_CLIENT_ADDRESS:
        return give(out, live.exchange->peer.address);
      case TYKPP_TEXT_API_ID:
        return give(out, live.facts->api_id);
      case TYKPP_TEXT_API_NAME:
        return give(out, live.facts->api_name);
      case TYKPP_TEXT_ORG_ID:
        return give(out, live.facts->org_id);
      case TYKPP_TEXT_CONFIG_DATA:
        return give(out, live.facts->config_data);
      case TYKPP_TEXT_HOOK_NAME:
        return give(out, live.facts->hook_name);
      case TYKPP_TEXT_PROTOCOL:
        return give(out, request.version_minor == 0 ? "HTTP/1.0" : "HTTP/1.1");
      case TYKPP_TEXT_REMOTE_ADDRESS:
        return give(out, remoteAddress(*live.exchange));
      case TYKPP_TEXT_REQUEST_TARGET:
        return give(out, request.received_target);
      case TYKPP_TEXT_REQUEST_ID:
        return give(out, inArena(live.exchange->requestId(), live.exchange->arena()));
      case TYKPP_TEXT_API_DEFINITION:
        return give(out, live.facts->definition != nullptr
                             ? std::string_view(*live.facts->definition)
                             : std::string_view{});
      case TYKPP_TEXT_API_FORMAT:
        return give(out, live.facts->oas_definition ? "oas" : "classic");
      case TYKPP_TEXT_CLIENT_CERTIFICATES:
        return give(out, certificatesOf(*live.exchange));
      case TYKPP_TEXT_TLS_VERSION:
        return give(out, live.exchange->peer.tls_version);
      case TYKPP_TEXT_TLS_CIPHER:
        return give(out, live.exchange->peer.tls_cipher);
      case TYKPP_TEXT_TLS_SERVER_NAME:
        return give(out, live.exchange->peer.server_name);
      default:
        return TYKPP_ERR_ARGUMENT;
    }
  });
}

std::int32_t hostTextSet(tykpp_call_host* call, std::int32_t field,
                         tykpp_text_plugin value) noexcept {
  if (!valid(value)) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (field != TYKPP_TEXT_METHOD && field != TYKPP_TEXT_URL && field != TYKPP_TEXT_HOST) {
      return TYKPP_ERR_ARGUMENT;
    }
    if (!inRequestHook(live)) return TYKPP_ERR_NOT_HERE;
    return setRequestText(live, field, view(value));
  });
}

std::int32_t hostHeaderCount(tykpp_call_host* call, std::int32_t message,
                             std::size_t* out) noexcept {
  if (out == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) {
    const Access access = readable(live, message);
    if (access.code == TYKPP_OK) *out = access.headers->size();
    return access.code;
  });
}

std::int32_t hostHeaderAt(tykpp_call_host* call, std::int32_t message, std::size_t index,
                          tykpp_text_host* name, tykpp_text_host* value) noexcept {
  if (name == nullptr || value == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    const Access access = readable(live, message);
    if (access.code != TYKPP_OK) return access.code;
    if (index >= access.headers->size()) return TYKPP_ERR_NOT_FOUND;
    const http::HeaderField& field =
        *(access.headers->begin() + static_cast<std::ptrdiff_t>(index));
    give(name, field.name);
    return give(value, field.value);
  });
}

std::int32_t hostHeaderGet(tykpp_call_host* call, std::int32_t message, tykpp_text_plugin name,
                           std::size_t index, tykpp_text_host* out) noexcept {
  if (out == nullptr || !valid(name)) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    const Access access = readable(live, message);
    if (access.code != TYKPP_OK) return access.code;
    const http::HeaderName wanted(view(name));
    for (const http::HeaderField& field : *access.headers) {
      if (wanted.matches(field.id, field.name) && index-- == 0) return give(out, field.value);
    }
    return TYKPP_ERR_NOT_FOUND;
  });
}

std::int32_t hostHeaderSet(tykpp_call_host* call, std::int32_t message, tykpp_text_plugin name,
                           tykpp_text_plugin value) noexcept {
  return writeHeader(call, message, name, value, true);
}

std::int32_t hostHeaderAdd(tykpp_call_host* call, std::int32_t message, tykpp_text_plugin name,
                           tykpp_text_plugin value) noexcept {
  return writeHeader(call, message, name, value, false);
}

std::int32_t hostHeaderDelete(tykpp_call_host* call, std::int32_t message,
                              tykpp_text_plugin name) noexcept {
  if (!valid(name)) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    const Access access = writable(live, message, view(name));
    if (access.code != TYKPP_OK) return access.code;
    return access.headers->erase(view(name)) > 0 ? TYKPP_OK : TYKPP_ERR_NOT_FOUND;
  });
}

std::int32_t hostBodyGet(tykpp_call_host* call, std::int32_t message,
                         tykpp_text_host* out) noexcept {
  if (out == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (const std::int32_t code = bodyAccess(live, message); code != TYKPP_OK) return code;
    const std::string* body = message == TYKPP_REQUEST ? live.exchange->request().body()
                                                       : live.exchange->response().body();
    return give(out, body != nullptr ? std::string_view(*body) : std::string_view{});
  });
}

std::int32_t hostBodySet(tykpp_call_host* call, std::int32_t message,
                         tykpp_text_plugin body) noexcept {
  if (!valid(body)) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (const std::int32_t code = bodyAccess(live, message); code != TYKPP_OK) return code;
    if (message == TYKPP_REQUEST) {
      live.exchange->request().setBody(std::string(view(body)));
      live.changed |= kRequestBodyChanged;
      return TYKPP_OK;
    }
    http::Response& response = live.exchange->response();
    response.setBody(std::string(view(body)));
    // The upstream's length is not this body's; the gateway writes one of its own.
    response.headers.erase(http::HeaderId::kContentLength);
    response.headers.erase(http::HeaderId::kTransferEncoding);
    live.changed |= kResponseBodyChanged | kResponseChanged;
    return TYKPP_OK;
  });
}

std::int32_t hostStatusGet(tykpp_call_host* call, std::int32_t* out) noexcept {
  if (out == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (inRequestHook(live) && !live.responded) return TYKPP_ERR_NOT_HERE;
    *out = live.exchange->response().status;
    return TYKPP_OK;
  });
}

std::int32_t hostStatusSet(tykpp_call_host* call, std::int32_t status) noexcept {
  if (status < 200 || status > 599) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.hook != Hook::kResponse && !live.responded) return TYKPP_ERR_NOT_HERE;
    live.exchange->response().status = static_cast<std::uint16_t>(status);
    live.exchange->response().reason = {};
    live.changed |= kResponseChanged;
    return TYKPP_OK;
  });
}

std::int32_t hostRespond(tykpp_call_host* call, std::int32_t status,
                         tykpp_text_plugin body) noexcept {
  if (!valid(body) || status < 200 || status > 599) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.hook == Hook::kAnalytics) return TYKPP_ERR_NOT_HERE;
    http::Response& response = live.exchange->response();
    response.status = static_cast<std::uint16_t>(status);
    response.reason = {};
    response.headers.clear();
    response.setBody(std::string(view(body)));
    live.responded = true;
    live.changed |= kResponseChanged | kResponseBodyChanged;
    return TYKPP_OK;
  });
}

}  // namespace tykpp::drivers::native
