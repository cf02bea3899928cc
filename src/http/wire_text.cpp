#include "http/wire_text.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "http/chunk_decoder.hpp"
#include "http/head_parser.hpp"
#include "http/header_name.hpp"

namespace tykpp::http {
namespace {

Error cannotSend(std::string why) { return {Errc::kBadRequest, std::move(why)}; }

bool isControl(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

/// Fields that the writer of the request decides about.
bool isFraming(std::string_view name) {
  constexpr std::array<std::string_view, 9> kNames{
      "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te",
      "trailer",        "upgrade",           "expect"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [name](std::string_view known) { return equalsIgnoreCase(name, known); });
}

bool ofConnection(const HeaderField& field) {
  return field.id == HeaderId::kConnection || field.id == HeaderId::kTransferEncoding;
}

/// Takes scheme and authority off a whole URL. @return the authority, empty when there is none
std::string_view takeAuthority(std::string_view& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equalsIgnoreCase(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::string_view authority = target.substr(0, target.find_first_of("/?#"));
    target.remove_prefix(authority.size());
    return authority;
  }
  return {};
}

Result<std::string> wireTarget(std::string_view target) {
  target = target.substr(0, target.find('#'));
  std::string out;
  if (!target.starts_with('/')) out += '/';
  for (const char c : target) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (isControl(c) || c == ' ') {
      return cannotSend("the path has a blank or a control character");
    }
    if (byte < 0x80) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

Result<void> appendFields(const RequestParts& parts, bool host_known, std::string& out,
                          std::string_view& host) {
  for (const auto& [name, value] : parts.headers) {
    if (!isToken(name)) return cannotSend("a header's name is no token");
    if (!isFieldValue(value)) {
      return cannotSend("the value of header " + name + " has a control character");
    }
    if (isFraming(name)) continue;
    if (equalsIgnoreCase(name, "host")) {
      if (!host_known) host = value;
      continue;
    }
    out += name;
    out += ": ";
    out += trim(value);
    out += "\r\n";
  }
  return {};
}

/// The answer behind informational ones. @return empty: there is none yet
std::string_view finalAnswer(std::string_view received, std::size_t& head_size) {
  for (;;) {
    const HeadScan scan = scanHead(received, 0);
    if (scan.bad || scan.end == 0) return {};
    const bool interim =
        received.starts_with("HTTP/1.1 1") && !received.starts_with("HTTP/1.1 101");
    if (!interim) {
      head_size = scan.end;
      return received;
    }
    received.remove_prefix(scan.end);
  }
}

}  // namespace

Result<WireRequest> wireRequest(const RequestParts& parts) {
  const std::string_view method = parts.method.empty() ? "GET" : std::string_view(parts.method);
  if (!isToken(method)) return cannotSend("the method is no token");
  std::string_view rest = parts.target;
  std::string_view host = takeAuthority(rest);
  const auto target = wireTarget(rest);
  if (!target) return target.error();
  std::string fields;
  if (auto added = appendFields(parts, !host.empty(), fields, host); !added) return added.error();
  host = trim(host);
  if (!isAuthority(host)) return cannotSend("the host is none");
  WireRequest out;
  out.host_given = !host.empty();
  out.bytes = std::string(method) + " " + *target +
              " HTTP/1.1\r\nHost: " + std::string(out.host_given ? host : "localhost") + "\r\n" +
              fields;
  if (!parts.body.empty()) {
    out.bytes += "Content-Length: " + std::to_string(parts.body.size()) + "\r\n";
  }
  out.bytes += "\r\n" + parts.body;
  return out;
}

std::string wireText(std::string_view first_line, std::string_view host, const Headers& headers,
                     bool (*skipped)(const HeaderField& field), std::string_view body) {
  std::vector<const HeaderField*> sorted;
  for (const HeaderField& field : headers) {
    if (!skipped(field)) sorted.push_back(&field);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const HeaderField* a, const HeaderField* b) {
    return std::lexicographical_compare(a->name.begin(), a->name.end(), b->name.begin(),
                                        b->name.end(),
                                        [](char x, char y) { return toLower(x) < toLower(y); });
  });
  std::string text(first_line);
  text += "\r\n";
  if (!host.empty()) text += "Host: " + std::string(host) + "\r\n";
  for (const HeaderField* field : sorted) {
    text += field->name;
    text += ": ";
    text += field->value;
    text += "\r\n";
  }
  text += "\r\n";
  text += body;
  return text;
}

Result<WireAnswer> wireAnswer(std::string received, std::string_view method, BlockPool& blocks) {
  const Error unreadable(Errc::kUpstreamProtocol, "there is no answer");
  std::size_t head_size = 0;
  const std::string_view whole = finalAnswer(received, head_size);
  if (whole.empty()) return unreadable;
  const std::string head(whole.substr(0, head_size));
  std::string body(whole.substr(head_size));
  Arena arena(blocks);
  Response response(arena);
  const auto framing = parseResponseHead(head, method, response);
  if (!framing) return framing.error();
  WireAnswer answer;
  answer.status = response.status;
  switch (framing->body) {
    case BodyFraming::kNone:
      body.clear();
      break;
    case BodyFraming::kLength:
      answer.partial = body.size() < framing->length;
      if (!answer.partial) body.resize(static_cast<std::size_t>(framing->length));
      break;
    case BodyFraming::kChunked: {
      ChunkDecoder chunks;
      std::size_t consumed = 0;
      const auto decoded = chunks.decode(body.data(), body.size(), consumed);
      if (!decoded) return decoded.error();
      body.resize(*decoded);
      answer.partial = !chunks.done();
      break;
    }
    case BodyFraming::kUntilClose:
      break;
  }
  answer.text =
      wireText(head.substr(0, head.find("\r\n")), {}, response.headers, &ofConnection, body);
  return answer;
}

}  // namespace tykpp::http
