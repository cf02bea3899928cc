#include "middleware/cached_answer.hpp"

#include <algorithm>
#include <charconv>
#include <memory_resource>
#include <vector>

#include "base/ascii.hpp"
#include "base/base64.hpp"
#include "http/chunk_decoder.hpp"
#include "http/head_parser.hpp"
#include "http/hop_by_hop.hpp"
#include "http/status.hpp"

namespace tykpp::middleware {
namespace {

using http::HeaderField;
using http::HeaderId;

bool namedBefore(const HeaderField& one, const HeaderField& other) noexcept {
  return std::lexicographical_compare(one.name.begin(), one.name.end(), other.name.begin(),
                                      other.name.end(),
                                      [](char a, char b) { return toLower(a) < toLower(b); });
}

std::string_view statusText(const http::Response& response, Arena& arena) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, response.status).ptr;
  const std::string_view reason =
      response.reason.empty() ? http::reasonPhrase(response.status) : response.reason;
  const std::string_view code(digits, static_cast<std::size_t>(end - digits));
  return arena.concat("HTTP/1.1 ", code, " ", reason, "\r\n");
}

/// A head as HTTP/1.1 writes it, in the arena: the reference puts the upstream's version there.
std::string_view asHttp1(std::string_view head, Arena& arena) {
  constexpr std::string_view kOther = "HTTP/2.0";
  if (!head.starts_with(kOther)) return arena.copy(head);
  return arena.concat("HTTP/1.1", head.substr(kOther.size()));
}

/// @return whether the second is still to come
bool readEnd(std::string_view text, std::int64_t now) noexcept {
  std::int64_t end = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), end);
  // The store has the exact end; this is for one that forgot it.
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() && end >= now;
}

/// Takes the framing off. @return false when the body is not all there
bool takeBody(const http::ResponseFraming& framing, std::string body, http::Response& response) {
  switch (framing.body) {
    case http::BodyFraming::kNone:
      return true;
    case http::BodyFraming::kLength:
      if (body.size() != framing.length) return false;
      break;
    case http::BodyFraming::kChunked: {
      http::ChunkDecoder chunks;
      std::size_t consumed = 0;
      const auto size = chunks.decode(body.data(), body.size(), consumed);
      if (!size || !chunks.done()) return false;
      body.resize(*size);
      break;
    }
    case http::BodyFraming::kUntilClose:
      break;
  }
  response.setBody(std::move(body));
  return true;
}

}  // namespace

bool isWholeAnswer(std::uint16_t status) noexcept {
  return status >= 200 && status != 206 && status != 304;
}

std::string_view wireHead(const http::Response& response, Arena& arena) {
  std::pmr::vector<HeaderField> fields(&arena);
  fields.reserve(response.headers.size());
  std::size_t size = 0;
  for (const HeaderField& field : response.headers) {
    if (http::isHopByHop(field.id) || field.id == HeaderId::kContentLength) continue;
    fields.push_back(field);
    size += field.name.size() + field.value.size() + 4;
  }
  std::stable_sort(fields.begin(), fields.end(), &namedBefore);
  const std::string_view line = statusText(response, arena);
  char* out = static_cast<char*>(arena.allocate(line.size() + size, 1));
  char* at = std::copy(line.begin(), line.end(), out);
  const auto put = [&at](std::string_view text) { at = std::copy(text.begin(), text.end(), at); };
  for (const HeaderField& field : fields) {
    put(field.name);
    put(": ");
    put(field.value);
    put("\r\n");
  }
  return {out, static_cast<std::size_t>(at - out)};
}

std::string encodeAnswer(std::string_view head, std::optional<std::uint64_t> length,
                         std::string_view body, std::int64_t expires) {
  const std::size_t line = std::min(head.find('\n'), head.size() - 1) + 1;
  std::string message;
  message.reserve(head.size() + body.size() + 48);
  message.append(head.substr(0, line));
  if (length) message.append("Content-Length: ").append(std::to_string(*length)).append("\r\n");
  message.append(head.substr(line)).append("\r\n").append(body);
  return encodeBase64(message).append("|").append(std::to_string(expires));
}

bool decodeAnswer(std::string_view value, std::string_view method, std::int64_t now,
                  http::Response& response) {
  const std::size_t bar = value.find('|');
  if (bar == std::string_view::npos || !readEnd(value.substr(bar + 1), now)) return false;
  std::optional<std::string> message = decodeBase64(value.substr(0, bar));
  if (!message) return false;
  const http::HeadScan scan = http::scanHead(*message, 0);
  if (scan.bad || scan.end == 0) return false;
  Arena& arena = response.headers.arena();
  const std::string_view head = asHttp1(std::string_view(*message).substr(0, scan.end), arena);
  const auto framing = http::parseResponseHead(head, method, response);
  if (!framing || !isWholeAnswer(response.status)) return false;
  http::removeHopByHop(response.headers);
  if (method != "HEAD") response.headers.erase(HeaderId::kContentLength);
  message->erase(0, scan.end);
  return takeBody(*framing, std::move(*message), response);
}

}  // namespace tykpp::middleware
