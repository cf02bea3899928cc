#include "http/status.hpp"

#include <algorithm>
#include <charconv>

namespace tykpp::http {

std::string_view reasonPhrase(std::uint16_t status) noexcept {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 102:
      return "Processing";
    case 103:
      return "Early Hints";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 203:
      return "Non-Authoritative Information";
    case 204:
      return "No Content";
    case 205:
      return "Reset Content";
    case 206:
      return "Partial Content";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Request Entity Too Large";
    case 414:
      return "Request URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 418:
      return "I'm a teapot";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Entity";
    case 425:
      return "Too Early";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return {};
  }
}

std::string_view renderStatusLineAndHeaders(const Response& response, Arena& arena,
                                            std::string_view lines, std::string_view more_lines) {
  const auto skipped = [](HeaderId id) {
    return id == HeaderId::kContentLength || id == HeaderId::kConnection ||
           id == HeaderId::kTransferEncoding;
  };
  const std::string_view reason =
      response.reason.empty() ? reasonPhrase(response.status) : response.reason;
  std::size_t size =
      sizeof "HTTP/1.1 000 \r\n\r\n" + reason.size() + lines.size() + more_lines.size();
  for (const HeaderField& field : response.headers)
    size += field.name.size() + field.value.size() + 4;
  char* out = static_cast<char*>(arena.allocate(size, 1));
  char* at = out;
  const auto put = [&at](std::string_view text) { at = std::copy(text.begin(), text.end(), at); };
  put("HTTP/1.1 ");
  at = std::to_chars(at, at + 3, std::clamp<unsigned>(response.status, 100, 999)).ptr;
  put(" ");
  put(reason);
  put("\r\n");
  for (const HeaderField& field : response.headers) {
    if (skipped(field.id)) continue;
    put(field.name);
    put(": ");
    put(field.value);
    put("\r\n");
  }
  put(lines);
  put(more_lines);
  put("\r\n");
  return {out, static_cast<std::size_t>(at - out)};
}

}  // namespace tykpp::http
