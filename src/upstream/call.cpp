#include "upstream/call.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/ascii.hpp"
#include "http/hop_by_hop.hpp"
#include "http/status.hpp"
#include "tykpp/version.h"
#include "upstream/gzip_decoder.hpp"
#include "upstream/impl/pieces.hpp"

namespace tykpp::upstream {
namespace {

using http::BodyFraming;
using http::HeaderField;
using http::HeaderId;

/// Requests of these methods say so when they have no body (RFC 9110 section 8.6).
bool mayMissLength(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

constexpr std::string_view kUserAgentLine = "User-Agent: Tyk/" TYKPP_VERSION "\r\n";

}  // namespace

Call::Call(http::ServerExchange& exchange, Pool& pool, net::Resolver& resolver,
           const CallOptions& options)
    : sx_(exchange),
      exchange_(exchange.exchange()),
      pool_(pool),
      resolver_(resolver),
      options_(options),
      lookup_deadline_(pool.loop().wheel(), &onDeadline, this) {
  if (options_.own_endpoint) options_.endpoint = &options_.own_endpoint;
  if (options_.total_timeout) ends_at_ = pool.loop().now() + *options_.total_timeout;
}

Call::~Call() {
  sx_.onClientGone(nullptr, nullptr);
  if (large_) pool_.giveLarge(std::move(large_));
  if (unpacked_) pool_.giveLarge(std::move(unpacked_));
}

void Call::onDeadline(net::Deadline&, void* self) {
  auto* call = static_cast<Call*>(self);
  if (call->lookup_ != nullptr) call->lookup_->abandon(Errc::kTimeout);
}

Error Call::failure(Errc code) const {
  switch (code) {
    case Errc::kClientGone:
      return Error(code, Side::kClient, 499, "Client closed request");
    case Errc::kTimeout:
      return Error(code, Side::kUpstream, 504, "Upstream service reached hard timeout.");
    case Errc::kDnsFailed:
      return Error(code, Side::kUpstream, 500, "Upstream host lookup failed");
    default:
      return Error(code, Side::kUpstream, 500, "There was a problem proxying the request");
  }
}

Error Call::ioFailure(const net::IoResult& result) const {
  if (client_gone_) return failure(Errc::kClientGone);
  if (result.status == net::IoStatus::kCancelled)
    return failure(connection_->stream.socket().cancelReason());
  const char* why = result.status == net::IoStatus::kEof ? "the upstream closed the connection"
                                                         : std::strerror(result.error);
  return failure(Errc::kUpstreamReset)
      .withDetail(why)
      .withRetry(answered_ ? Retry::kNever : Retry::kIfReused);
}

void Call::armPhase(std::chrono::milliseconds timeout) {
  Clock::time_point when = pool_.loop().now() + timeout;
  if (ends_at_ && *ends_at_ < when) when = *ends_at_;
  connection_->deadline.at(when);
}

bool Call::replayable() const {
  const http::Request& request = exchange_.request();
  if (body_streams_) return false;
  // RFC 9110 section 9.2.2, and what Go's transport takes for replayable.
  return method() == "GET" || method() == "HEAD" || method() == "OPTIONS" || method() == "TRACE" ||
         request.headers.contains(HeaderId::kIdempotencyKey);
}

net::Task<Result<void>> Call::start() {
  const http::Request& request = exchange_.request();
  if (request.body() == nullptr && request.framing != BodyFraming::kNone) {
    // The first piece is read before an upstream is bothered: a body that cannot be read must not
    // reach it.
    const Result<std::string_view> piece = co_await sx_.readBody();
    if (!piece) co_return piece.error();
    first_piece_ = *piece;
    request_chunked_ = request.framing == BodyFraming::kChunked;
    body_streams_ = !sx_.bodyDone();
  }
  if (!body_streams_) {
    sx_.onClientGone(
        [](void* self) {
          auto* call = static_cast<Call*>(self);
          call->client_gone_ = true;
          if (call->lookup_ != nullptr) call->lookup_->abandon(Errc::kClientGone);
          if (call->connection_) call->connection_->stream.socket().cancel(Errc::kClientGone);
        },
        this);
  }
  if (client_gone_) co_return failure(Errc::kClientGone);
  began_ = pool_.loop().now();
  Result<void> result = co_await attempt(false);
  if (!result && connection_ && connection_->reused && !answered_ && !client_gone_ &&
      ((result.error().retry() == Retry::kIfReused && replayable()) ||
       result.error().retry() == Retry::kAlways)) {
    // The connection died while it was idle; the pool may hold more of its kind, so the second try
    // is a new one.
    co_await release();
    connection_.reset();
    upload_discards_ = upload_failed_ = false;
    result = co_await attempt(true);
  }
  if (!result) {
    if (client_gone_) result = failure(Errc::kClientGone);
    co_await release();
  }
  co_return result;
}

net::Task<Result<void>> Call::attempt(bool fresh) {
  if (!fresh && !options_.close) connection_ = pool_.take(**options_.endpoint);
  if (!connection_) {
    Result<void> connected = co_await connect();
    if (!connected) co_return connected;
  }
  armPhase(options_.header_timeout);
  Result<void> sent = co_await sendRequest();
  if (!sent) co_return sent;
  co_return co_await readAnswer();
}

net::Task<Result<void>> Call::connect() {
  const Endpoint& endpoint = **options_.endpoint;
  net::Addresses literal;
  std::shared_ptr<const net::Addresses> found;
  if (endpoint.literal() != nullptr) {
    literal.push_back(*endpoint.literal());
  } else {
    net::Resolver::Lookup lookup(resolver_, pool_.loop(), endpoint.key().host);
    lookup_ = &lookup;
    lookup_deadline_.after(options_.total_timeout.value_or(options_.header_timeout));
    auto answer = co_await lookup;
    lookup_ = nullptr;
    lookup_deadline_.clear();
    if (!answer) co_return failure(answer.error().code()).withDetail(answer.error().detail());
    found = *answer;
  }
  Result<void> result = failure(Errc::kDnsFailed);
  for (net::Address address : found ? *found : literal) {
    if (client_gone_) co_return failure(Errc::kClientGone);
    address.setPort(endpoint.key().port);
    connection_ = std::make_unique<Connection>(pool_.loop(), pool_, *options_.endpoint);
    const int fd =
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) co_return failure(Errc::kConnectFailed).withDetail(std::strerror(errno));
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (!connection_->stream.socket().open(fd)) co_return failure(Errc::kConnectFailed);
    armPhase(options_.header_timeout);
    result = co_await connection_->stream.connect(address.get(), address.size);
    if (result || result.error().code() == Errc::kTimeout) break;
  }
  if (!result)
    co_return failure(client_gone_ ? Errc::kClientGone : result.error().code())
        .withDetail(result.error().message());
  if (endpoint.tlsContext() != nullptr) result = co_await secure();
  co_return result;
}

std::string_view Call::renderRequest() const {
  const http::Request& request = exchange_.request();
  const std::string* body = request.body();
  std::array<char, 64> framing_text;
  std::string_view framing;
  char* at = framing_text.data();
  const bool sends_body = body != nullptr || request.framing != BodyFraming::kNone;
  if (body == nullptr && request_chunked_) {
    framing = "Transfer-Encoding: chunked\r\n";
  } else if (sends_body || request.headers.contains(HeaderId::kContentLength) ||
             mayMissLength(options_.method)) {
    at = std::copy_n("Content-Length: ", 16, at);
    at = std::to_chars(at, at + 24, body != nullptr ? body->size() : request.content_length).ptr;
    *at++ = '\r';
    *at++ = '\n';
    framing = {framing_text.data(), static_cast<std::size_t>(at - framing_text.data())};
  }
  const std::string_view connection = options_.upgrade
                                          ? "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                      : options_.close ? "Connection: close\r\n"
                                                       : std::string_view();
  std::size_t size = method().size() + options_.target.size() + options_.host.size() +
                     framing.size() + connection.size() + kUserAgentLine.size() +
                     exchange_.peer.address.size() + 64;
  for (const HeaderField& field : request.headers)
    size += field.name.size() + field.value.size() + 4;
  const auto* credential = options_.credential;
  if (credential != nullptr) size += credential->name.text().size() + credential->value.size() + 4;
  char* out = static_cast<char*>(request.headers.arena().allocate(size, 1));
  char* end = out;
  const auto put = [&end](std::string_view text) {
    end = std::copy(text.begin(), text.end(), end);
  };
  put(method());
  put(" ");
  put(options_.target);
  put(" HTTP/1.1\r\nHost: ");
  put(options_.host);
  put("\r\n");
  bool agent = false;
  bool forwarded = false;
  for (const HeaderField& field : request.headers) {
    switch (field.id) {
      case HeaderId::kHost:
      case HeaderId::kContentLength:
        continue;
      case HeaderId::kXForwardedFor:
        if (options_.hides_client) break;
        forwarded = true;
        continue;
      case HeaderId::kUserAgent:
        agent = true;
        if (field.value.empty()) continue;  // the client asked for none
        break;
      default:
        break;
    }
    put(field.name);
    put(": ");
    put(field.value);
    put("\r\n");
  }
  if (!agent) put(kUserAgentLine);
  if (credential != nullptr) {
    put(credential->name.text());
    put(": ");
    put(credential->value);
    put("\r\n");
  }
  if (!options_.hides_client) {
    put("X-Forwarded-For: ");
    for (const HeaderField& field : request.headers) {
      if (!forwarded || field.id != HeaderId::kXForwardedFor) continue;
      put(field.value);
      put(", ");
    }
    put(exchange_.peer.address);
    put("\r\n");
  }
  put(framing);
  put(connection);
  put("\r\n");
  return {out, static_cast<std::size_t>(end - out)};
}

net::Task<Result<void>> Call::sendRequest() {
  const http::Request& request = exchange_.request();
  const std::string_view head = renderRequest();
  std::string_view body =
      request.body() != nullptr ? std::string_view(*request.body()) : first_piece_;
  std::array<char, 20> line;
  std::array<iovec, 4> out{pieceOf(head), pieceOf({}), pieceOf(body), pieceOf({})};
  if (request.body() == nullptr && request_chunked_) {
    if (!body.empty()) out[1] = pieceOf(chunkLine(body.size(), line));
    std::string_view tail = body.empty() ? "" : "\r\n";
    if (!body_streams_) tail = exchange_.arena().concat(tail, "0\r\n", sx_.trailers(), "\r\n");
    out[3] = pieceOf(tail);
  }
  net::Stream::Write write = connection_->stream.write(out);
  const net::IoResult written = co_await write;
  if (!written) {
    // A write that fails at once on a kept connection: it was closed while idle, and the upstream
    // has seen nothing.
    co_return ioFailure(written);
  }
  if (body_streams_) upload();
  co_return Result<void>{};
}

net::Task<Result<void>> Call::readHead(std::size_t& size) {
  http::ReadBuffer& input = connection_->input;
  std::size_t seen = 0;
  if (input.empty()) {
    // Memory is taken when there is something to put in it: the block that the last call gave back
    // is still in the cache, and a call that waits holds none.
    net::Readable readable(connection_->stream.socket());
    co_await readable;
  }
  for (;;) {
    const http::HeadScan scan = http::scanHead(input.view(), seen);
    if (scan.end > 0) {
      size = scan.end;
      co_return Result<void>{};
    }
    seen = input.size();
    const std::size_t room = scan.bad ? 0 : input.prepare(options_.max_head_bytes);
    if (room == 0)
      co_return failure(Errc::kUpstreamProtocol).withDetail("malformed or oversized response head");
    net::Stream::Read read = connection_->stream.read(input.room(), room);
    const net::IoResult result = co_await read;
    if (!result) {
      if (upload_error_) co_return *upload_error_;
      co_return ioFailure(result);
    }
    answered_ = true;
    input.commit(result.bytes);
  }
}

net::Task<Result<void>> Call::readAnswer() {
  http::ReadBuffer& input = connection_->input;
  http::Response& response = exchange_.response();
  for (;;) {
    std::size_t size = 0;
    Result<void> complete = co_await readHead(size);
    if (!complete) co_return complete;
    response.headers.clear();
    const auto framing = http::parseResponseHead(input.view().substr(0, size), method(), response);
    if (!framing) co_return failure(Errc::kUpstreamProtocol).withDetail(framing.error().message());
    framing_ = *framing;
    const bool interim = response.status < 200 && response.status != 101;
    if (interim) {
      if (!co_await passInterim()) co_return failure(Errc::kClientGone);
      input.consume(size);
      continue;
    }
    // 101 ends HTTP on this connection: only an upgrade that was asked for may do that.
    if (response.status == 101 && !options_.upgrade) {
      co_return failure(Errc::kUpstreamProtocol).withDetail("101 without an upgrade");
    }
    input.consume(size);
    break;
  }
  body_left_ = framing_.length;
  if (response.status == 101) {
    response.headers.erase(HeaderId::kKeepAlive);
  } else {
    http::removeHopByHop(response.headers);
  }
  if (decodesGzip()) {
    gzip_ = std::make_unique<GzipDecoder>();
    response.headers.erase(HeaderId::kContentEncoding);
  }
  exchange_.upstream_time =
      std::chrono::duration_cast<std::chrono::microseconds>(pool_.loop().now() - began_);
  co_return Result<void>{};
}

net::Task<bool> Call::passInterim() {
  // 100 was for the body, which is under way; a client of HTTP/1.0 knows no interim answers (RFC
  // 9110 section 15.2).
  http::Response& response = exchange_.response();
  if (response.status == 100 || exchange_.request().version_minor == 0) co_return true;
  http::removeHopByHop(response.headers);
  std::array<iovec, 1> out{pieceOf(sx_.renderInformational())};
  net::Stream::Write write = sx_.write(out);
  const net::IoResult written = co_await write;
  co_return static_cast<bool>(written);
}

bool Call::decodesGzip() const {
  // The reference asks for gzip when the client said nothing about codings, and unpacks it; we do
  // not ask, but an upstream that compresses unasked must not surprise a client that cannot unpack.
  const http::Request& request = exchange_.request();
  return framing_.body != BodyFraming::kNone &&
         equalsIgnoreCase(exchange_.response().headers.get(HeaderId::kContentEncoding), "gzip") &&
         request.headers.get(HeaderId::kAcceptEncoding).empty() &&
         !request.headers.contains(HeaderId::kRange);
}

void Call::finishConnection(bool whole) {
  if (!connection_) return;
  const bool keep =
      whole && framing_.keep_alive && !options_.close && !uploading_ && !upload_failed_;
  connection_->deadline.clear();
  if (keep) {
    pool_.put(std::move(connection_));
  } else {
    connection_.reset();
  }
}

}  // namespace tykpp::upstream
