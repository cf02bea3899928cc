#include "http/head_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "base/ascii.hpp"

namespace tykpp::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;
using BeastView = boost::beast::string_view;

std::string_view view(BeastView text) noexcept { return {text.data(), text.size()}; }

/// What both directions check while fields arrive. Beast has checked tokens, characters and line
/// ends by then.
class FieldChecks {
 public:
  FieldChecks(std::string_view head, Headers& headers) : head_(head), headers_(headers) {}

  bool add(std::string_view name, std::string_view value) {
    if (folded(name, value)) return false;
    const HeaderName known(name);
    switch (known.id()) {
      case HeaderId::kContentLength:
        if (lengths_++ > 0 || !parseLength(value)) return false;
        break;
      case HeaderId::kTransferEncoding:
        if (codings_++ > 0 || !equalsIgnoreCase(value, "chunked")) return false;
        break;
      case HeaderId::kHost:
        ++hosts_;
        break;
      default:
        break;
    }
    headers_.add(known, value);
    return true;
  }
  bool hasLength() const noexcept { return lengths_ > 0; }
  bool chunked() const noexcept { return codings_ > 0; }
  bool ambiguous() const noexcept { return hasLength() && chunked(); }
  std::uint64_t length() const noexcept { return length_; }
  int hosts() const noexcept { return hosts_; }

 private:
  /// Beast joins folded lines in a buffer of its own; RFC 9112 section 5.2 lets us refuse them.
  bool folded(std::string_view name, std::string_view value) const {
    const auto behind_name = static_cast<std::size_t>(name.data() + name.size() - head_.data());
    if (!value.empty()) {
      if (value.data() < head_.data() || value.data() > head_.data() + head_.size()) return true;
      // A value that begins on the folded line is no joined text: the line end is between it and
      // its name.
      const auto gap = static_cast<std::size_t>(value.data() - head_.data()) - behind_name;
      return head_.substr(behind_name, gap).find('\n') != std::string_view::npos;
    }
    const std::size_t end = head_.find('\n', behind_name);
    return end + 1 < head_.size() && (head_[end + 1] == ' ' || head_[end + 1] == '\t');
  }
  bool parseLength(std::string_view value) {
    if (value.empty() || value.size() > 18) return false;
    for (const char c : value) {
      if (!isDigit(c)) return false;
      length_ = length_ * 10 + static_cast<unsigned>(c - '0');
    }
    return true;
  }
  std::string_view head_;
  Headers& headers_;
  std::uint64_t length_ = 0;
  int lengths_ = 0;
  int codings_ = 0;
  int hosts_ = 0;
};

/// Beast's parser without its message containers: fields go to our headers as views.
template <bool kIsRequest>
class Parser : public beast_http::basic_parser<kIsRequest> {
 public:
  explicit Parser(FieldChecks& checks) : checks_(checks) {}

 protected:
  void on_field_impl(beast_http::field, BeastView name, BeastView value, error_code& ec) override {
    if (!checks_.add(view(name), view(value))) ec = beast_http::error::bad_value;
  }
  void on_request_impl(beast_http::verb, BeastView, BeastView, int, error_code&) override {}
  void on_response_impl(int, BeastView, int, error_code&) override {}
  void on_header_impl(error_code& ec) override { ec = {}; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) override {
    ec = {};
  }
  std::size_t on_body_impl(BeastView, error_code& ec) override {
    ec = {};
    return 0;
  }
  void on_chunk_header_impl(std::uint64_t, BeastView, error_code& ec) override { ec = {}; }
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView, error_code& ec) override {
    ec = {};
    return 0;
  }
  void on_finish_impl(error_code& ec) override { ec = {}; }

 private:
  FieldChecks& checks_;
};

class RequestParser final : public Parser<true> {
 public:
  using Parser::Parser;
  std::string_view method, target;
  int version = 0;

 private:
  void on_request_impl(beast_http::verb, BeastView m, BeastView t, int v, error_code&) override {
    method = view(m);
    target = view(t);
    version = v;
  }
};

class ResponseParser final : public Parser<false> {
 public:
  using Parser::Parser;
  int status = 0;
  std::string_view reason;
  int version = 0;

 private:
  void on_response_impl(int code, BeastView text, int v, error_code&) override {
    status = code;
    reason = view(text);
    version = v;
  }
};

/// Runs a parser over a complete head.
template <class P>
bool parseAll(P& parser, std::string_view head) {
  parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));
  parser.body_limit(boost::none);
  error_code ec;
  const std::size_t used = parser.put(boost::asio::const_buffer(head.data(), head.size()), ec);
  return !ec && parser.is_header_done() && used == head.size();
}

Error badRequest(const char* what) { return Error(Errc::kBadRequest, Side::kClient, 400, what); }
Error badResponse(const char* what) {
  return Error(Errc::kUpstreamProtocol, Side::kUpstream, 500, what);
}

struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
};

ConnectionOptions connectionOptions(const Headers& headers) {
  ConnectionOptions options;
  for (const HeaderField& field : headers) {
    if (field.id != HeaderId::kConnection) continue;
    forEachListElement(field.value, [&options](std::string_view token) {
      options.close = options.close || equalsIgnoreCase(token, "close");
      options.keep_alive = options.keep_alive || equalsIgnoreCase(token, "keep-alive");
    });
  }
  return options;
}

/// `http://host/path`: the authority wins over Host, and a Host that says something else is an
/// attempt to be read twice.
Result<std::string_view> originForm(std::string_view target, Request& request) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equalsIgnoreCase(target.substr(0, scheme.size()), scheme)) continue;
    const std::string_view rest = target.substr(scheme.size());
    const std::size_t end = rest.find_first_of("/?");
    const std::string_view authority = rest.substr(0, end);
    if (authority.empty() || !isAuthority(authority))
      return badRequest("bad authority in the target");
    if (!request.host.empty() && !equalsIgnoreCase(request.host, authority)) {
      return badRequest("the target's authority differs from Host");
    }
    request.host = authority;
    if (end == std::string_view::npos) return std::string_view("/");
    if (rest[end] == '?') return request.headers.arena().concat("/", rest.substr(end));
    return rest.substr(end);
  }
  if (target == "*" && request.method == "OPTIONS") return target;
  if (target.empty() || target.front() != '/') return badRequest("bad request target");
  return target;
}

}  // namespace

HeadScan scanHead(std::string_view bytes, std::size_t from) noexcept {
  // Three bytes of the end may have been seen already.
  const std::size_t start = from > 3 ? from - 3 : 0;
  HeadScan scan;
  const std::size_t end = bytes.find("\r\n\r\n", start);
  if (end != std::string_view::npos) {
    scan.end = end + 4;
    return scan;
  }
  for (std::size_t at = bytes.find('\n', start); at != std::string_view::npos;
       at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') scan.bad = true;
  }
  return scan;
}

Result<void> parseRequestHead(std::string_view head, Request& request) {
  FieldChecks checks(head, request.headers);
  RequestParser parser(checks);
  if (!parseAll(parser, head)) return badRequest("malformed request head");
  request.method = parser.method;
  request.version_minor = parser.version == 10 ? 0 : 1;
  if (request.method == "CONNECT") return badRequest("CONNECT is not supported");
  if (checks.ambiguous()) return badRequest("Content-Length beside Transfer-Encoding");
  if (checks.chunked() && request.version_minor == 0)
    return badRequest("Transfer-Encoding in HTTP/1.0");
  if (checks.hosts() > 1 || (checks.hosts() == 0 && request.version_minor > 0)) {
    return badRequest("exactly one Host is needed");
  }
  request.host = request.headers.get(HeaderId::kHost);
  if (!isAuthority(request.host)) return badRequest("bad Host");
  request.received_target = parser.target;
  auto target = originForm(parser.target, request);
  if (!target) return target.error();
  if (target->find('#') != std::string_view::npos || !request.setTarget(*target)) {
    return badRequest("bad request target");
  }
  if (request.path.find('\0') != std::string_view::npos) return badRequest("NUL in the path");
  if (checks.chunked()) {
    request.framing = BodyFraming::kChunked;
  } else if (checks.length() > 0) {
    request.framing = BodyFraming::kLength;
    request.content_length = checks.length();
  }
  const ConnectionOptions options = connectionOptions(request.headers);
  request.keep_alive =
      request.version_minor > 0 ? !options.close : options.keep_alive && !options.close;
  return {};
}

Result<ResponseFraming> parseResponseHead(std::string_view head, std::string_view request_method,
                                          Response& response) {
  FieldChecks checks(head, response.headers);
  ResponseParser parser(checks);
  if (!parseAll(parser, head)) return badResponse("malformed response head");
  if (parser.status < 100 || parser.status > 999) return badResponse("bad status code");
  if (checks.ambiguous()) return badResponse("Content-Length beside Transfer-Encoding");
  response.status = static_cast<std::uint16_t>(parser.status);
  response.reason = parser.reason;
  ResponseFraming framing;
  const ConnectionOptions options = connectionOptions(response.headers);
  framing.keep_alive = parser.version == 11 ? !options.close : options.keep_alive && !options.close;
  const bool no_body = response.status < 200 || response.status == 204 || response.status == 304 ||
                       request_method == "HEAD";
  framing.length = checks.length();
  if (no_body) {
    framing.body = BodyFraming::kNone;
  } else if (checks.chunked()) {
    if (parser.version == 10) return badResponse("Transfer-Encoding in HTTP/1.0");
    framing.body = BodyFraming::kChunked;
  } else if (checks.hasLength()) {
    framing.body = checks.length() > 0 ? BodyFraming::kLength : BodyFraming::kNone;
  } else {
    framing.body = BodyFraming::kUntilClose;
    framing.keep_alive = false;
  }
  return framing;
}

}  // namespace tykpp::http
