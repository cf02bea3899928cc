#include "response/local_reply.hpp"

#include <utility>

#include "http/exchange.hpp"

namespace tykpp::response {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kJson = "application/json";

/// The reply proper. `content_type` must outlive the exchange.
void put(http::Exchange& exchange, std::uint16_t status, std::string_view content_type,
         std::string body) {
  http::Response& response = exchange.response();
  response.status = status;
  response.reason = {};
  response.headers.clear();
  if (!content_type.empty()) response.headers.add(http::HeaderId::kContentType, content_type);
  response.setBody(std::move(body));
}

/// As the original's JSON encoder writes strings, `<`, `>` and `&` included.
void appendJsonString(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

void reply(http::Exchange& exchange, std::uint16_t status, std::string_view content_type,
           std::string body) {
  put(exchange, status, exchange.arena().copy(content_type), std::move(body));
}

void notFound(http::Exchange& exchange) { put(exchange, 404, kText, "Not Found"); }

void movedPermanently(http::Exchange& exchange, std::string_view location) {
  put(exchange, 301, {}, {});
  exchange.response().headers.add(http::HeaderId::kLocation, location);
}

void requestTooLarge(http::Exchange& exchange) {
  put(exchange, 413, kText, "Request Entity Too Large\n");
  exchange.response().headers.add("X-Content-Type-Options", "nosniff");
}

void badRequest(http::Exchange& exchange) { put(exchange, 400, kText, "400 Bad Request"); }

void statusMessage(http::Exchange& exchange, std::uint16_t status, std::string_view message) {
  std::string body = R"({"status":")";
  body += status < 400 ? "ok" : "error";
  body += R"(","message":)";
  appendJsonString(body, message);
  body += "}\n";
  put(exchange, status, kJson, std::move(body));
}

}  // namespace tykpp::response
