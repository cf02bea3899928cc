#include "events/request_facts.hpp"

#include "base/ascii.hpp"
#include "base/text.hpp"
#include "http/exchange.hpp"

namespace tykpp::events {
namespace {

using http::HeaderId;

void appendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

std::string_view cookieOf(std::string_view header, std::string_view wanted) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    const std::string_view pair = trim(header.substr(0, end));
    header.remove_prefix(std::min(header.size(), end + 1));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && trim(pair.substr(0, equals)) == wanted)
      return trim(pair.substr(equals + 1));
  }
  return {};
}

}  // namespace

std::string wireForm(const http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  std::string out;
  out.reserve(1024);
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  appendField(out, "Host", request.host);
  for (const http::HeaderField& field : request.headers) {
    if (field.id != HeaderId::kHost) appendField(out, field.name, field.value);
  }
  out += "\r\n";
  const std::string* body = request.body();
  if (body != nullptr && body->size() <= kMaxWireBody) out += *body;
  return out;
}

std::string requestPath(const http::Exchange& exchange) {
  return std::string(exchange.request().path);
}

std::string_view credentialOf(const http::Exchange& exchange,
                              const definition::CredentialSource& source) {
  const http::Request& request = exchange.request();
  std::string_view found;
  if (!source.header.empty()) found = request.headers.get(std::string_view(source.header));
  if (!source.param.empty()) {
    bool first = true;
    forEachFormPair(request.query, [&](std::string_view name, std::string_view value) {
      if (!first || formDecode(name) != source.param) return;
      first = false;
      if (value.find_first_of("+%") == std::string_view::npos) {
        if (!value.empty()) found = value;
      } else if (const std::string given = formDecode(value); !given.empty()) {
        found = request.headers.arena().copy(given);
      }
    });
  }
  if (!source.cookie.empty()) {
    const std::string_view given = cookieOf(request.headers.get(HeaderId::kCookie), source.cookie);
    if (!given.empty()) found = given;
  }
  return found;
}

}  // namespace tykpp::events
