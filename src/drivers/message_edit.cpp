#include "drivers/message_edit.hpp"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/text.hpp"
#include "http/header_name.hpp"

namespace tykpp::drivers {
namespace {

using Parameters = std::map<std::string, std::vector<std::string>, std::less<>>;

Parameters parametersOf(std::string_view query) {
  Parameters all;
  forEachFormPair(query, [&all](std::string_view name, std::string_view value) {
    all[formDecode(name)].push_back(formDecode(value));
  });
  return all;
}

std::string encoded(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, values] : parameters) {
    for (const std::string& value : values) {
      if (!out.empty()) out += '&';
      appendFormEncoded(out, name);
      out += '=';
      appendFormEncoded(out, value);
    }
  }
  return out;
}

/// Bytes that RFC 3986 has no place for, and `#`, which would end the target.
bool mustEscape(char c) noexcept {
  constexpr std::string_view kUnsafe = "\"#<>\\^`{|}";
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte >= 0x7f || kUnsafe.find(c) != std::string_view::npos;
}

std::string_view escapedTarget(std::string_view url, Arena& arena) {
  if (std::none_of(url.begin(), url.end(), mustEscape)) return arena.copy(url);
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(url.size() + 16);
  for (const char c : url) {
    if (!mustEscape(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return arena.copy(out);
}

bool hasControl(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

/// Path and query of an absolute path or URL; empty when it is neither.
std::string_view pathAndQuery(std::string_view url) {
  if (url.starts_with('/')) return url;
  const std::size_t scheme = url.find("://");
  if (scheme == 0 || scheme == std::string_view::npos) return {};
  const std::size_t start = url.find_first_of("/?", scheme + 3);
  return start == std::string_view::npos ? std::string_view("/") : url.substr(start);
}

/// A field's value as it goes over the wire: white space around it is none of it (RFC 9110
/// section 5.5).
std::string_view trimmed(std::string_view value) noexcept {
  const std::size_t first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return value.substr(first, value.find_last_not_of(" \t") - first + 1);
}

}  // namespace

bool belongsToGateway(http::HeaderId id) noexcept {
  return id == http::HeaderId::kHost || id == http::HeaderId::kContentLength ||
         http::isHopByHop(id) || id == http::HeaderId::kConnection;
}

http::HeaderName headerNameFor(std::string_view name, bool verbatim, Arena& arena) {
  const http::HeaderId id = http::internHeader(name);
  if (verbatim) return {id, arena.copy(name)};
  if (id != http::HeaderId::kOther) return {id};
  char* own = static_cast<char*>(arena.allocate(name.size(), 1));
  std::memcpy(own, name.data(), name.size());
  http::canonicalise(own, name.size());
  return {id, std::string_view(own, name.size())};
}

bool setHeader(http::Headers& headers, std::string_view name, std::string_view value,
               bool verbatim) {
  if (!http::isToken(name) || !http::isFieldValue(value)) return false;
  const http::HeaderName own = headerNameFor(name, verbatim, headers.arena());
  if (!belongsToGateway(own.id())) headers.set(own, headers.arena().copy(trimmed(value)));
  return true;
}

bool addHeader(http::Headers& headers, std::string_view name, std::string_view value,
               bool verbatim) {
  if (!http::isToken(name) || !http::isFieldValue(value)) return false;
  const http::HeaderName own = headerNameFor(name, verbatim, headers.arena());
  if (!belongsToGateway(own.id())) headers.add(own, headers.arena().copy(trimmed(value)));
  return true;
}

void deleteHeader(http::Headers& headers, std::string_view name) {
  if (!belongsToGateway(http::internHeader(name))) headers.erase(name);
}

std::string editedQuery(std::string_view query, const QueryEdit& edit) {
  const Parameters before = parametersOf(query);
  Parameters after = before;
  for (const std::string& name : edit.remove) after.erase(name);
  for (const auto& [name, value] : edit.set) after[name] = {value};
  for (const auto& [name, value] : edit.append) after[name].push_back(value);
  return after == before ? std::string(query) : encoded(after);
}

bool sameQuery(std::string_view a, std::string_view b) {
  return a == b || parametersOf(a) == parametersOf(b);
}

std::string_view requestUrl(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  if (request.target.starts_with('/')) return request.target;
  if (!request.has_query) return request.raw_path;
  return exchange.arena().concat(request.raw_path, std::string_view("?"), request.query);
}

bool setUrl(http::Exchange& exchange, std::string_view url) {
  if (hasControl(url)) return false;
  http::Request& request = exchange.request();
  std::string_view target = pathAndQuery(url);
  if (target.empty()) return false;
  if (request.raw_path == target && !request.has_query) return true;
  target = target.front() == '/' ? escapedTarget(target, exchange.arena())
                                 : exchange.arena().concat(std::string_view("/"),
                                                           escapedTarget(target, exchange.arena()),
                                                           std::string_view{});
  return request.setTarget(target);
}

void setQuery(http::Exchange& exchange, std::string_view query) {
  http::Request& request = exchange.request();
  const std::string_view path = request.raw_path;
  request.setTarget(query.empty() ? path
                                  : exchange.arena().concat(path, std::string_view("?"), query));
}

bool setMethod(http::Exchange& exchange, std::string_view method) {
  if (method == exchange.request().method) return true;
  if (method.size() > kMaxMethodBytes || !http::isToken(method)) return false;
  exchange.request().method = exchange.arena().copy(method);
  return true;
}

void setRequestBody(http::Exchange& exchange, std::string body) {
  http::Request& request = exchange.request();
  const std::string* before = request.body();
  if (before == nullptr ? body.empty() && request.framing == http::BodyFraming::kNone
                        : *before == body)
    return;
  request.setBody(std::move(body));
}

std::uint16_t finalStatus(std::int64_t status) noexcept {
  return status >= 200 && status <= 599 ? static_cast<std::uint16_t>(status) : std::uint16_t{500};
}

HookVerdict answerRaw(http::Exchange& exchange, std::int64_t status,
                      const std::vector<TextPair>& headers, std::string body, bool verbatim) {
  http::Response& response = exchange.response();
  response.status = finalStatus(status);
  response.reason = {};
  response.headers.clear();
  for (const auto& [name, value] : headers) setHeader(response.headers, name, value, verbatim);
  response.setBody(std::move(body));
  return HookVerdict::kRespond;
}

Error refusal(http::Exchange& exchange, std::int64_t status, const std::vector<TextPair>& headers,
              std::string message, bool verbatim) {
  exchange.error_headers.clear();
  for (const auto& [name, value] : headers) {
    setHeader(exchange.error_headers, name, value, verbatim);
  }
  return Error(Errc::kForbidden, Side::kPlugin, finalStatus(status), std::move(message));
}

}  // namespace tykpp::drivers
