#include "http/server_exchange.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ascii.hpp"
#include "http/answer_cache.hpp"
#include "http/impl/server_connection.hpp"
#include "http/status.hpp"

namespace tykpp::http {
namespace {

constexpr std::chrono::milliseconds kHurry{2000};

Error clientError(const net::IoResult& result, const net::Socket& socket) {
  if (result.status == net::IoStatus::kCancelled && socket.cancelReason() == Errc::kTimeout) {
    return Error(Errc::kTimeout, Side::kClient, 408, "the client stopped sending its body");
  }
  return Error(Errc::kClientGone, Side::kClient, 499, "Client closed request");
}

}  // namespace

ServerExchange::ServerExchange(ServerConnection& connection, net::Stream& client, ReadBuffer& input,
                               Arena& arena, Server& server, std::uint64_t request_id)
    : connection_(connection),
      client_(client),
      input_(input),
      server_(server),
      exchange_(arena, server.workerIndex(), request_id),
      head_block_(server.loop().blocks()) {}

std::uint16_t ServerExchange::listenerPort() const noexcept { return connection_.port(); }

void ServerExchange::beginBody() {
  const Request& request = exchange_.request();
  body_done_ = request.framing == BodyFraming::kNone;
  if (body_done_) return;
  body_left_ = request.content_length;
  continue_due_ = input_.empty() && request.version_minor > 0 &&
                  equalsIgnoreCase(request.headers.get(HeaderId::kExpect), "100-continue");
}

Result<void> ServerExchange::countBody(std::string_view bytes) {
  body_bytes_ += bytes.size();
  if (tap_ != nullptr) [[unlikely]]
    tap_->add(bytes);
  const std::uint64_t limit = server_.limits().max_body_bytes;
  if (limit != 0 && body_bytes_ > limit) {
    return Error(Errc::kBodyTooLarge, Side::kClient, 413, "Request Entity Too Large");
  }
  return {};
}

Result<std::string_view> ServerExchange::takeBody() {
  if (body_done_ || input_.empty()) return std::string_view{};
  if (exchange_.request().framing == BodyFraming::kLength) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, input_.size()));
    const std::string_view piece = input_.view().substr(0, size);
    input_.consume(size);
    body_left_ -= size;
    body_done_ = body_left_ == 0;
    if (auto counted = countBody(piece); !counted) return counted.error();
    return piece;
  }
  std::size_t consumed = 0;
  char* data = input_.data();
  auto decoded = chunks_.decode(data, input_.size(), consumed);
  if (!decoded) {
    exchange_.close_after = true;
    return decoded.error();
  }
  input_.consume(consumed);
  body_done_ = chunks_.done();
  const std::string_view piece(data, *decoded);
  if (auto counted = countBody(piece); !counted) return counted.error();
  return piece;
}

net::Task<Result<std::string_view>> ServerExchange::readBody() {
  while (!body_done_) {
    Result<std::string_view> piece = takeBody();
    if (!piece || !piece->empty() || body_done_) co_return piece;
    if (continue_due_) {
      continue_due_ = false;
      static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      std::array<iovec, 1> out{{{const_cast<char*>(kContinue.data()), kContinue.size()}}};
      net::Stream::Write write = client_.write(out);
      const net::IoResult written = co_await write;
      if (!written) co_return clientError(written, client_.socket());
    }
    moveOffHead();
    const std::size_t room = input_.prepare(BlockPool::kBlockBytes);
    connection_.progressed(hurried_ ? kHurry : server_.limits().read_timeout);
    net::Stream::Read read = client_.read(input_.room(), room);
    const net::IoResult result = co_await read;
    if (!result) co_return clientError(result, client_.socket());
    connection_.progressed(server_.limits().write_timeout);
    input_.commit(result.bytes);
  }
  co_return std::string_view{};
}

void ServerExchange::hurryBody() {
  hurried_ = true;
  connection_.progressed(kHurry);
}

void ServerExchange::restDeadline() { connection_.rest(); }

void ServerExchange::moveOffHead() {
  if (!head_in_input_) return;
  head_in_input_ = false;
  // Fields are views into the memory that would be read into: the head keeps it, the body gets
  // another block.
  head_block_.swap(input_);
  input_.assign(head_block_.view());
}

net::Task<Result<void>> ServerExchange::bufferBody(std::size_t limit) {
  Request& request = exchange_.request();
  if (request.framing == BodyFraming::kLength && request.content_length > limit) {
    co_return Error(Errc::kBodyTooLarge, Side::kClient, 413, "Request Entity Too Large");
  }
  std::string whole;
  while (!body_done_) {
    const Result<std::string_view> piece = co_await readBody();
    if (!piece) co_return piece.error();
    if (whole.size() + piece->size() > limit) {
      co_return Error(Errc::kBodyTooLarge, Side::kClient, 413, "Request Entity Too Large");
    }
    whole.append(*piece);
  }
  if (request.framing != BodyFraming::kNone || !whole.empty()) request.setBody(std::move(whole));
  co_return Result<void>{};
}

net::Stream::Write ServerExchange::write(std::span<iovec> pieces) {
  connection_.progressed(server_.limits().write_timeout);
  return client_.write(pieces);
}

std::string_view ServerExchange::renderInformational() {
  return renderStatusLineAndHeaders(exchange_.response(), exchange_.arena(), {});
}

std::string_view ServerExchange::renderUpgrade(std::string_view lines, std::string_view extra) {
  head_sent_ = true;
  return renderStatusLineAndHeaders(exchange_.response(), exchange_.arena(), lines, extra);
}

void ServerExchange::progressed() { connection_.progressed(server_.limits().write_timeout); }

std::string_view ServerExchange::renderHead(const OutgoingFraming& framing,
                                            std::string_view extra) {
  head_sent_ = true;
  // What is here of a body nobody read is let go; more than that costs the connection.
  if (!body_done_ && !takeBody()) exchange_.close_after = true;
  const Request& request = exchange_.request();
  const Response& response = exchange_.response();
  std::array<char, 160> own;
  char* at = own.data();
  const auto put = [&at](std::string_view text) { at = std::copy(text.begin(), text.end(), at); };
  if (!response.headers.contains(HeaderId::kDate)) {
    put("Date: ");
    put(httpDate());
    put("\r\n");
  }
  if (framing.body == BodyFraming::kChunked && request.version_minor > 0) {
    put("Transfer-Encoding: chunked\r\n");
  } else if (framing.body == BodyFraming::kLength ||
             (framing.body == BodyFraming::kNone && framing.send_length)) {
    put("Content-Length: ");
    at = std::to_chars(at, own.data() + own.size(), framing.length).ptr;
    put("\r\n");
  } else if (framing.body != BodyFraming::kNone) {
    exchange_.close_after = true;  // the end of the connection is the end of the body
  }
  if (!body_done_) exchange_.close_after = true;
  if (exchange_.close_after) {
    put("Connection: close\r\n");
  } else if (request.version_minor == 0) {
    put("Connection: keep-alive\r\n");
  }
  return renderStatusLineAndHeaders(response, exchange_.arena(),
                                    {own.data(), static_cast<std::size_t>(at - own.data())}, extra);
}

OutgoingFraming ServerExchange::localFraming() const {
  const Response& response = exchange_.response();
  const std::size_t size = response.body() != nullptr ? response.body()->size() : 0;
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  if (!bodiless && headRequest() && cameFromCache(exchange_)) {
    // As long as the upstream said, which may have said nothing.
    OutgoingFraming framing{BodyFraming::kNone, 0, false};
    const std::string_view length = response.headers.get(HeaderId::kContentLength);
    const char* end = length.data() + length.size();
    const auto parsed = std::from_chars(length.data(), end, framing.length);
    framing.send_length = !length.empty() && parsed.ec == std::errc() && parsed.ptr == end;
    return framing;
  }
  return {size == 0 || bodiless || headRequest() ? BodyFraming::kNone : BodyFraming::kLength, size,
          !bodiless};
}

net::Task<bool> ServerExchange::sendLocal(std::string_view extra) {
  const Response& response = exchange_.response();
  const std::string_view body = response.body() != nullptr ? *response.body() : std::string_view{};
  const OutgoingFraming framing = localFraming();
  const std::string_view head = renderHead(framing, extra);
  std::array<iovec, 2> out{
      {{const_cast<char*>(head.data()), head.size()},
       {const_cast<char*>(body.data()), framing.body == BodyFraming::kNone ? 0 : body.size()}}};
  net::Stream::Write writing = write(out);
  const net::IoResult written = co_await writing;
  if (!written) abort();
  co_return static_cast<bool>(written);
}

}  // namespace tykpp::http
