// The bodies of a call: the upload beside the answer, the answer's pieces, splicing.

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <vector>

#include "base/log.hpp"
#include "http/hop_by_hop.hpp"
#include "upstream/call.hpp"
#include "upstream/gzip_decoder.hpp"
#include "upstream/impl/pieces.hpp"

namespace tykpp::upstream {
namespace {

using http::BodyFraming;
using http::HeaderId;

// Below this the two system calls and the pipe of a splice cost more than the copy they save
// (docs/performance.md).
constexpr std::uint64_t kSpliceFrom = 64 * 1024;
constexpr std::size_t kSpliceBytes = 1024 * 1024;
// What is read of an upload after its answer is out.
constexpr std::size_t kDiscardBytes = 1024 * 1024;

}  // namespace

// --- the request's body ---

net::Detached Call::upload() {
  uploading_ = true;
  std::size_t discarded = 0;
  net::Turns turns(kStreak);
  while (!sx_.bodyDone()) {
    if (turns.over()) {
      net::Yield yield(pool_.loop());
      co_await yield;
    }
    const Result<std::string_view> piece = co_await sx_.readBody();
    if (!piece) {
      if (!upload_discards_) {
        upload_error_ = piece.error();
        client_gone_ = client_gone_ || piece.error().code() == Errc::kClientGone;
        connection_->stream.socket().cancel(piece.error().code());
      }
      break;
    }
    if (upload_discards_) {
      discarded += piece->size();
      if (discarded > kDiscardBytes) break;
      continue;
    }
    if (!co_await writeUpload(*piece, sx_.bodyDone())) {
      // The upstream takes no more: it has answered already, or it is gone and the reader learns
      // why.
      upload_failed_ = true;
      if (!upload_discards_) break;
    }
  }
  uploading_ = false;
  if (upload_waiter_) std::exchange(upload_waiter_, nullptr).resume();
}

net::Task<bool> Call::writeUpload(std::string_view piece, bool last) {
  std::array<char, 20> line;
  std::array<iovec, 3> out{pieceOf({}), pieceOf(piece), pieceOf({})};
  if (request_chunked_) {
    std::string_view tail = piece.empty() ? "" : "\r\n";
    if (!piece.empty()) out[0] = pieceOf(chunkLine(piece.size(), line));
    if (last) tail = exchange_.arena().concat(tail, "0\r\n", sx_.trailers(), "\r\n");
    out[2] = pieceOf(tail);
  }
  armPhase(options_.header_timeout);
  net::Stream::Write write = connection_->stream.write(out);
  const net::IoResult written = co_await write;
  co_return static_cast<bool>(written);
}

net::Task<void> Call::release() {
  if (uploading_) {
    upload_discards_ = true;
    sx_.hurryBody();
    connection_->stream.socket().cancel(
        Errc::kShuttingDown);  // wakes a write that the upstream does not take
  }
  if (uploading_) {
    UploadEnd end{upload_waiter_};
    co_await end;
  }
  connection_.reset();
}

// --- the answer's body ---

net::Task<Result<Call::Piece>> Call::nextPlainPiece() {
  http::ReadBuffer& input = connection_->input;
  for (;;) {
    if (!input.empty() && framing_.body == BodyFraming::kChunked) {
      std::size_t consumed = 0;
      char* data = input.data();
      const auto decoded = chunks_.decode(data, input.size(), consumed);
      if (!decoded)
        co_return failure(Errc::kUpstreamProtocol).withDetail(decoded.error().message());
      input.consume(consumed);
      if (*decoded > 0 || chunks_.done()) co_return Piece{{data, *decoded}, chunks_.done()};
    } else if (!input.empty()) {
      const bool counted = framing_.body == BodyFraming::kLength;
      const std::size_t size =
          counted ? static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, input.size()))
                  : input.size();
      const std::string_view bytes = input.view().substr(0, size);
      input.consume(size);
      if (counted) body_left_ -= size;
      co_return Piece{bytes, counted && body_left_ == 0};
    }
    armPhase(options_.body_idle_timeout);
    if (!connection_->stream.tls()) {
      net::Readable readable(connection_->stream.socket());
      co_await readable;
    }
    const bool large =
        framing_.body == BodyFraming::kUntilClose || body_left_ > BlockPool::kBlockBytes;
    if (large && !large_) large_ = pool_.takeLarge();
    const std::size_t room = large ? Pool::kLargeBytes : input.prepare(BlockPool::kBlockBytes);
    char* where = large ? large_.get() : input.room();
    const std::size_t wanted =
        framing_.body == BodyFraming::kLength
            ? static_cast<std::size_t>(std::min<std::uint64_t>(room, body_left_))
            : room;
    net::Stream::Read read = connection_->stream.read(where, wanted);
    const net::IoResult result = co_await read;
    if (result.status == net::IoStatus::kEof && framing_.body == BodyFraming::kUntilClose)
      co_return Piece{{}, true};
    if (!result) co_return ioFailure(result);
    if (!large) {
      input.commit(result.bytes);
      continue;
    }
    if (framing_.body == BodyFraming::kLength) body_left_ -= result.bytes;
    co_return Piece{{where, result.bytes},
                    framing_.body == BodyFraming::kLength && body_left_ == 0};
  }
}

net::Task<Result<Call::Piece>> Call::nextPiece() {
  if (!gzip_) co_return co_await nextPlainPiece();
  if (!unpacked_) unpacked_ = pool_.takeLarge();
  for (;;) {
    const auto size = gzip_->decode(raw_, {unpacked_.get(), Pool::kLargeBytes});
    if (!size) co_return size.error();
    const bool last = raw_last_ && raw_.empty() && *size < Pool::kLargeBytes;
    if (last && !gzip_->complete())
      co_return failure(Errc::kUpstreamProtocol).withDetail("truncated gzip body");
    if (*size > 0 || last) co_return Piece{{unpacked_.get(), *size}, last};
    const auto piece = co_await nextPlainPiece();
    if (!piece) co_return piece.error();
    raw_ = piece->bytes;
    raw_last_ = piece->last;
  }
}

void Call::moveHeadToArena() {
  http::Response& response = exchange_.response();
  Arena& arena = exchange_.arena();
  const std::pmr::vector<http::HeaderField> fields(response.headers.begin(), response.headers.end(),
                                                   &arena);
  response.headers.clear();
  for (const http::HeaderField& field : fields) {
    response.headers.addCopy({field.id, field.name}, field.value);
  }
  response.reason = arena.copy(response.reason);
}

net::Task<Result<void>> Call::bufferBody(std::size_t limit) {
  // Fields are views into the memory that the body is read into, and they are needed after it.
  moveHeadToArena();
  if (framing_.body == BodyFraming::kNone || exchange_.response().status == 101)
    co_return Result<void>{};
  // A plugin reads text, so gzip is taken off even for a client that could unpack it.
  if (!gzip_ && exchange_.response().headers.get(HeaderId::kContentEncoding) == "gzip") {
    gzip_ = std::make_unique<GzipDecoder>();
    exchange_.response().headers.erase(HeaderId::kContentEncoding);
  }
  std::string whole;
  for (bool last = false; !last;) {
    const auto piece = co_await nextPiece();
    if (!piece) co_return piece.error();
    if (whole.size() + piece->bytes.size() > limit) {
      co_return Error(Errc::kBodyTooLarge, Side::kUpstream, 500,
                      "There was a problem proxying the request")
          .withDetail("the upstream's body is larger than what a plugin may see");
    }
    whole.append(piece->bytes);
    last = piece->last;
  }
  answer_done_ = true;
  exchange_.response().setBody(std::move(whole));
  co_return Result<void>{};
}

net::Task<bool> Call::sendPiece(std::string_view head, Piece piece, bool chunked) {
  std::array<char, 20> line;
  std::array<iovec, 4> out{pieceOf(head), pieceOf({}), pieceOf(piece.bytes), pieceOf({})};
  if (tap_ != nullptr) [[unlikely]]
    tap_->add(piece.bytes);
  if (chunked) {
    std::string_view tail = piece.bytes.empty() ? "" : "\r\n";
    if (!piece.bytes.empty()) out[1] = pieceOf(chunkLine(piece.bytes.size(), line));
    if (piece.last) {
      const std::string_view trailers = framing_.body == BodyFraming::kChunked
                                            ? std::string_view(chunks_.trailers())
                                            : std::string_view();
      tail = exchange_.arena().concat(tail, "0\r\n", trailers, "\r\n");
    }
    out[3] = pieceOf(tail);
  }
  net::Stream::Write write = sx_.write(out);
  const net::IoResult written = co_await write;
  if (!written) client_gone_ = true;
  co_return static_cast<bool>(written);
}

net::Task<void> Call::send(std::string_view extra) {
  http::Response& response = exchange_.response();
  if (response.status == 101) {
    co_await tunnel(extra);
    co_return;
  }
  // As the reference's server writes it: a 304 says nothing about a body (RFC 9110 section 15.4.5
  // allows both).
  if (response.status == 304) response.headers.erase(HeaderId::kContentType);
  http::OutgoingFraming outgoing;
  const bool bodiless = sx_.headRequest() || response.status == 204 || response.status == 304;
  if (response.body() != nullptr && !bodiless) {
    outgoing = {response.body()->empty() ? BodyFraming::kNone : BodyFraming::kLength,
                response.body()->size()};
  } else if (framing_.body == BodyFraming::kNone || bodiless) {
    outgoing = {BodyFraming::kNone, framing_.length,
                response.status != 204 && response.status != 304 &&
                    (!bodiless || response.headers.contains(HeaderId::kContentLength))};
  } else if (framing_.body == BodyFraming::kLength && !gzip_) {
    outgoing = {BodyFraming::kLength, framing_.length};
  } else {
    outgoing = {BodyFraming::kChunked};
  }
  const std::string_view head = sx_.renderHead(outgoing, extra);
  bool whole = false;
  if (response.body() != nullptr && !bodiless) {
    whole = co_await sendPiece(head, {*response.body(), true}, false);
    if (!whole) sx_.abort();
    whole = whole && (answer_done_ || framing_.body == BodyFraming::kNone);
  } else if (framing_.body == BodyFraming::kNone || bodiless) {
    whole = co_await sendPiece(head, {{}, true}, false);
    if (!whole) sx_.abort();
    // A body that the client must not get, of a HEAD that went upstream as another method, say,
    // would be taken for the next answer.
    whole = whole && (answer_done_ || framing_.body == BodyFraming::kNone);
  } else if (outgoing.body == BodyFraming::kLength && connection_->input.size() >= body_left_) {
    // The usual answer: all of it came with its head, and goes out in one write.
    const std::string_view bytes =
        connection_->input.view().substr(0, static_cast<std::size_t>(body_left_));
    connection_->input.consume(bytes.size());
    whole = co_await sendPiece(head, {bytes, true}, false);
    if (!whole) sx_.abort();
  } else {
    whole = co_await stream(
        head, outgoing.body == BodyFraming::kChunked && exchange_.request().version_minor > 0);
  }
  if (uploading_) {
    co_await release();
  } else {
    finishConnection(whole);
  }
}

net::Task<bool> Call::stream(std::string_view head, bool chunked) {
  const bool can_splice = framing_.body == BodyFraming::kLength && !gzip_ &&
                          !connection_->stream.tls() && !sx_.client().tls() && tap_ == nullptr;
  bool last = false;
  if (connection_->input.empty()) {
    // An answer whose body takes its time: the client gets the head now.
    if (!co_await sendPiece(head, {}, false)) co_return cut();
    head = {};
  }
  net::Turns turns(kStreak);
  while (!last) {
    if (turns.over()) {
      net::Yield yield(pool_.loop());
      co_await yield;
    }
    if (can_splice && connection_->input.empty() && body_left_ >= kSpliceFrom && head.empty()) {
      if (!co_await splice()) co_return cut();
      if (body_left_ == 0) co_return true;
    }
    const auto piece = co_await nextPiece();
    if (!piece) {
      TYKPP_LOG(warn, "proxy", "the upstream's body broke off: {} request_id={}",
                log::quoted(piece.error().detail()), exchange_.requestId());
      co_return cut();
    }
    last = piece->last;
    if (!co_await sendPiece(head, *piece, chunked)) co_return cut();
    head = {};
  }
  co_return true;
}

bool Call::cut() {
  sx_.abort();
  return false;
}

net::Task<bool> Call::splice() {
  Pool::Pipe pipe = pool_.takePipe();
  if (pipe.read_end < 0) co_return true;  // no descriptors left: the copying loop goes on
  net::Socket& from = connection_->stream.socket();
  net::Socket& to = sx_.client().socket();
  std::size_t held = 0;
  bool good = true;
  net::Turns turns(kStreak);
  while (good && body_left_ > 0) {
    if (turns.over()) {
      net::Yield yield(pool_.loop());
      co_await yield;
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, kSpliceBytes));
    const ssize_t in = ::splice(from.fd(), nullptr, pipe.write_end, nullptr, wanted,
                                SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (in > 0) {
      held = static_cast<std::size_t>(in);
      body_left_ -= held;
    } else if (in == 0) {
      good = false;  // the upstream ended before its length
    } else if (errno == EAGAIN) {
      from.readDrained();
      armPhase(options_.body_idle_timeout);
      net::Readable readable(from);
      co_await readable;
      good = !from.cancelled();
    } else if (errno != EINTR) {
      good = false;
    }
    while (good && held > 0) {
      const ssize_t out = ::splice(pipe.read_end, nullptr, to.fd(), nullptr, held,
                                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (out > 0) {
        held -= static_cast<std::size_t>(out);
      } else if (out < 0 && errno == EAGAIN) {
        to.writeBlocked();
        sx_.progressed();
        net::Writable writable(to);
        co_await writable;
        good = !to.cancelled();
      } else if (out == 0 || errno != EINTR) {
        good = false;
        client_gone_ = true;
      }
    }
  }
  pool_.givePipe(pipe, held == 0);
  co_return good;
}

}  // namespace tykpp::upstream
