// After an upgrade was accepted: bytes both ways until one side ends.

#include <array>
#include <utility>

#include "http/hop_by_hop.hpp"
#include "upstream/call.hpp"
#include "upstream/gzip_decoder.hpp"
#include "upstream/impl/pieces.hpp"

namespace tykpp::upstream {

using http::HeaderId;

net::Task<void> Call::tunnel(std::string_view extra) {
  sx_.onClientGone(nullptr, nullptr);
  http::Response& response = exchange_.response();
  // Hop-by-hop fields go, the upgrade itself is said again (RFC 9110 section 7.8).
  const std::string_view protocol =
      exchange_.arena().copy(response.headers.get(HeaderId::kUpgrade));
  http::removeHopByHop(response.headers);
  const std::string_view lines =
      exchange_.arena().concat("Connection: Upgrade\r\nUpgrade: ", protocol, "\r\n");
  const std::string_view head = sx_.renderUpgrade(lines, extra);
  const std::string_view early = connection_->input.view();
  sx_.takeOver();
  if (!co_await sendPiece(head, {early, false}, false)) co_return;
  connection_->input.clear();
  connection_->deadline.clear();
  sx_.restDeadline();
  uploading_ = true;
  tunnelUp();
  auto buffer = std::make_unique<char[]>(BlockPool::kBlockBytes);
  net::Stream& up = connection_->stream;
  net::Stream& down = sx_.client();
  net::Turns turns(kStreak);
  for (;;) {
    if (turns.over()) {
      net::Yield yield(pool_.loop());
      co_await yield;
    }
    net::Stream::Read read = up.read(buffer.get(), BlockPool::kBlockBytes);
    const net::IoResult got = co_await read;
    if (!got) break;
    std::array<iovec, 1> out{pieceOf({buffer.get(), got.bytes})};
    net::Stream::Write write = down.write(out);
    const net::IoResult sent = co_await write;
    if (!sent) break;
  }
  // The upstream has ended: the client reads an end too and gets a moment to finish its side.
  down.endSending();
  if (uploading_) {
    sx_.hurryBody();
    UploadEnd end{upload_waiter_};
    co_await end;
  }
  connection_.reset();
}

net::Detached Call::tunnelUp() {
  auto buffer = std::make_unique<char[]>(BlockPool::kBlockBytes);
  net::Stream& up = connection_->stream;
  net::Stream& down = sx_.client();
  http::ReadBuffer& early = sx_.input();
  net::Turns turns(kStreak);
  for (;;) {
    if (turns.over()) {
      net::Yield yield(pool_.loop());
      co_await yield;
    }
    std::string_view bytes = early.view();
    if (bytes.empty()) {
      net::Stream::Read read = down.read(buffer.get(), BlockPool::kBlockBytes);
      const net::IoResult got = co_await read;
      if (!got) break;
      bytes = {buffer.get(), got.bytes};
    } else {
      early.consume(bytes.size());
    }
    std::array<iovec, 1> out{pieceOf(bytes)};
    net::Stream::Write write = up.write(out);
    const net::IoResult sent = co_await write;
    if (!sent) break;
  }
  up.endSending();
  if (down.socket().cancelled()) up.socket().cancel(Errc::kClientGone);
  connection_->deadline.after(std::chrono::seconds(10));  // for the upstream's last words
  uploading_ = false;
  if (upload_waiter_) std::exchange(upload_waiter_, nullptr).resume();
}

}  // namespace tykpp::upstream
