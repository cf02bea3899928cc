#pragma once
// The server's side of gRPC over HTTP/2, for tests: in memory, and behind a socket on a thread of
// its own.

#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tykpp::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// A message with its prefix.
inline std::string framed(std::string_view message, char compressed = 0) {
  std::string out(1, compressed);
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(message.size() >> shift));
  }
  return out.append(message);
}

/// One connection's session. What a call's request was is told to `onRequest` when it is whole.
class GrpcPeer {
 public:
  struct Request {
    std::map<std::string, std::string> fields;
    std::string body;  ///< with the prefix
  };
  std::function<void(std::int32_t stream, const Request&)> onRequest;
  std::vector<std::pair<std::int32_t, std::uint32_t>> resets;  ///< streams, and their errors
  std::vector<std::int32_t> streams;                           ///< whose requests are whole

  explicit GrpcPeer(std::vector<nghttp2_settings_entry> settings = {}) {
    nghttp2_session_callbacks* to = nullptr;
    nghttp2_session_callbacks_new(&to);
    nghttp2_session_callbacks_set_on_header_callback(
        to, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
               std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
               std::uint8_t, void* user) {
          of(user).requests_[frame->hd.stream_id].fields[text(name, name_size)] =
              text(value, value_size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        to, [](nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
               std::size_t size, void* user) {
          of(user).requests_[stream].body += text(data, size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        to, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          GrpcPeer& self = of(user);
          if (frame->hd.type == NGHTTP2_RST_STREAM) {
            self.resets.emplace_back(frame->hd.stream_id, frame->rst_stream.error_code);
          } else if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
                     (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
            self.streams.push_back(frame->hd.stream_id);
            if (self.onRequest) {
              self.onRequest(frame->hd.stream_id, self.requests_[frame->hd.stream_id]);
            }
          }
          return 0;
        });
    nghttp2_session_server_new(&session_, to, this);
    nghttp2_session_callbacks_del(to);
    nghttp2_submit_settings(session_, 0, settings.data(), settings.size());
  }
  ~GrpcPeer() { nghttp2_session_del(session_); }
  GrpcPeer(const GrpcPeer&) = delete;
  GrpcPeer& operator=(const GrpcPeer&) = delete;

  bool feed(std::string_view bytes) {
    return nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                    bytes.size()) >= 0;
  }
  std::string pull() {
    std::string out;
    const std::uint8_t* data = nullptr;
    for (ssize_t size; (size = nghttp2_session_mem_send(session_, &data)) > 0;) {
      out += text(data, static_cast<std::size_t>(size));
    }
    return out;
  }
  nghttp2_session* session() noexcept { return session_; }
  const Request& request(std::int32_t stream) { return requests_[stream]; }

  /// Head, body and trailer; without a trailer the body ends the stream.
  void answer(std::int32_t stream, std::string body, Fields trailer = {{"grpc-status", "0"}},
              Fields head = {{":status", "200"}, {"content-type", "application/grpc"}}) {
    auto& answer = answers_[stream] = {std::move(body), 0, std::move(trailer)};
    const auto fields = views(head);
    nghttp2_data_provider provider{};
    provider.source.ptr = &answer;
    provider.read_callback = &GrpcPeer::read;
    nghttp2_submit_response(session_, stream, fields.data(), fields.size(), &provider);
  }
  /// One block of fields that is the whole answer.
  void answerAtOnce(std::int32_t stream, const Fields& head) {
    const auto fields = views(head);
    nghttp2_submit_response(session_, stream, fields.data(), fields.size(), nullptr);
  }
  void reset(std::int32_t stream, std::uint32_t error) {
    nghttp2_submit_rst_stream(session_, 0, stream, error);
  }
  void goAway(std::int32_t last, std::uint32_t error = 0) {
    nghttp2_submit_goaway(session_, 0, last, error, nullptr, 0);
  }

 private:
  struct Answer {
    std::string body;
    std::size_t sent = 0;
    Fields trailer;
  };
  static GrpcPeer& of(void* user) { return *static_cast<GrpcPeer*>(user); }
  static std::string text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
  }
  static std::vector<nghttp2_nv> views(const Fields& fields) {
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : fields) {
      const auto bytes = [](const std::string& from) {
        return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(from.data()));
      };
      list.push_back({bytes(name), bytes(value), name.size(), value.size(), 0});
    }
    return list;
  }
  static ssize_t read(nghttp2_session* session, std::int32_t stream, std::uint8_t* to,
                      std::size_t size, std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& answer = *static_cast<Answer*>(source->ptr);
    const std::size_t count = std::min(size, answer.body.size() - answer.sent);
    answer.body.copy(reinterpret_cast<char*>(to), count, answer.sent);
    answer.sent += count;
    if (answer.sent == answer.body.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (!answer.trailer.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto fields = views(answer.trailer);
        nghttp2_submit_trailer(session, stream, fields.data(), fields.size());
      }
    }
    return static_cast<ssize_t>(count);
  }

  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Request> requests_;
  std::map<std::int32_t, Answer> answers_;
};

/// A plugin server on a socket in the file system. `handle` runs on its thread for each whole call,
/// and answers through the peer.
class GrpcServer {
 public:
  using Handle = std::function<void(GrpcPeer&, std::int32_t stream, const GrpcPeer::Request&)>;

  explicit GrpcServer(Handle handle, std::vector<nghttp2_settings_entry> settings = {})
      : handle_(std::move(handle)), settings_(std::move(settings)) {
    static int next = 0;
    path_ = (std::filesystem::temp_directory_path() /
             ("tykpp-grpc-" + std::to_string(::getpid()) + "-" + std::to_string(next++)))
                .string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    if (::pipe(wake_.data()) == 0) thread_ = std::thread([this] { serve(); });
  }
  ~GrpcServer() {
    ::close(wake_[1]);
    thread_.join();
    ::close(wake_[0]);
    ::close(listener_);
    for (const auto& [fd, peer] : peers_) ::close(fd);
    std::filesystem::remove(path_);
  }
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;
  std::string address() const { return "unix://" + path_; }

 private:
  void serve() {
    for (;;) {
      std::vector<pollfd> set{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
      for (const auto& [fd, peer] : peers_) set.push_back({fd, POLLIN, 0});
      ::poll(set.data(), set.size(), -1);
      if (set[0].revents != 0) return;
      if (set[1].revents != 0) take();
      for (std::size_t i = 2; i < set.size(); ++i) {
        if (set[i].revents != 0) read(set[i].fd);
      }
    }
  }
  void take() {
    const int fd = ::accept(listener_, nullptr, nullptr);
    auto peer = std::make_unique<GrpcPeer>(settings_);
    peer->onRequest = [this, raw = peer.get()](std::int32_t stream, const auto& request) {
      handle_(*raw, stream, request);
    };
    peers_[fd] = std::move(peer);
    send(fd);
  }
  void read(int fd) {
    std::array<char, 65536> buffer;
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
    GrpcPeer& peer = *peers_[fd];
    const bool good = size > 0 && peer.feed({buffer.data(), static_cast<std::size_t>(size)});
    if (good) send(fd);
    if (!good || (nghttp2_session_want_read(peer.session()) == 0 &&
                  nghttp2_session_want_write(peer.session()) == 0)) {
      ::close(fd);
      peers_.erase(fd);
    }
  }
  void send(int fd) {
    const std::string bytes = peers_[fd]->pull();
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<std::size_t>(n);
    }
  }

  Handle handle_;
  std::vector<nghttp2_settings_entry> settings_;
  std::string path_;
  int listener_ = -1;
  std::array<int, 2> wake_{-1, -1};
  std::map<int, std::unique_ptr<GrpcPeer>> peers_;
  std::thread thread_;
};

}  // namespace tykpp::test
