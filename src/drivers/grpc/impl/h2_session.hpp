#pragma once
// The client's side of an HTTP/2 connection that carries unary gRPC calls: bytes in, bytes out, and
// the calls that end meanwhile. Knows no socket. Frames, HPACK, flow control and the answer to
// SETTINGS are nghttp2's.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/grpc/impl/rpc.hpp"

struct nghttp2_session;

namespace tykpp::drivers::grpc {

/// Thread: one. Nothing of it may be destroyed from within a call of the owner's.
class H2Session {
 public:
  /// Told what happens, in the middle of feed(), pull(), cancel() or abandon().
  class Owner {
   public:
    /// The server's settings came, first or changed.
    virtual void onSettings() = 0;
    /// The server takes no more calls on this connection.
    virtual void onGoAway() = 0;
    /// The session has let go of the call; `status` is set.
    /// @param unprocessed  the server has not begun it: it may be made again
    virtual void onEnd(Rpc& rpc, bool unprocessed) = 0;
    /// Memory for so many more bytes of answers. @return false when there is none
    virtual bool take(Rpc& rpc, std::size_t bytes) = 0;

   protected:
    ~Owner() = default;
  };
  struct Options {
    bool tls = false;
    std::string authority;
    std::size_t max_reply = 4U << 20;  ///< bytes of an answer's message
  };

  /// The preface and our settings are the first bytes of pull().
  H2Session(Owner& owner, Options options);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  /// Takes what the server sent. @return false when it is not HTTP/2: nothing may follow
  bool feed(const char* data, std::size_t size);
  /// Appends what is to be sent, some more than `limit` bytes at most.
  void pull(std::string& out, std::size_t limit);
  /// Neither reads nor writes any more: the connection has to be closed.
  bool over() const noexcept;
  /// Why the session ended; empty while there is nothing to say.
  const std::string& error() const noexcept { return error_; }

  /// Begins a call; its first bytes go with the next pull().
  /// @return false when the connection takes none any more: nothing has happened then
  bool start(Rpc& rpc);
  /// Ends a call that is under way, and tells the server. The owner is not told.
  void cancel(Rpc& rpc);
  /// The connection is lost: every call ends with this status.
  /// @param accepted  bytes of pull() that the kernel took
  void abandon(const Status& status, std::uint64_t accepted);
  void ping();
  /// Whether pings of the server wait for answerPings(). Servers of grpc-go send one with most
  /// answers, to measure the connection: an answer of its own would wake the server each time.
  bool owesPings() const noexcept { return owed_pings_ > 0; }
  /// The answers go with the next pull().
  void answerPings();
  /// The server is told that no more calls come.
  void goAway();

  std::size_t active() const noexcept { return active_; }
  /// Whether the server's limit of concurrent streams leaves room.
  bool room() const noexcept { return active_ < max_streams_; }

 private:
  /// A stream, as nghttp2 knows it: stays until it is closed, its call may be gone before.
  struct Slot {
    Rpc* rpc = nullptr;
    std::int32_t stream = -1;
  };
  struct Callbacks;  // what nghttp2 calls

  Slot& takeSlot(Rpc& rpc);
  void letGo(Slot& slot) noexcept;
  void freeSlot(Slot& slot) noexcept;
  void reset(Slot& slot);
  void fail(Slot& slot, StatusCode code, std::string text);
  void end(Slot& slot, bool unprocessed);
  void header(Slot& slot, std::string_view name, std::string_view value);
  void data(Slot& slot, const unsigned char* bytes, std::size_t size);
  bool readPrefix(Slot& slot, const unsigned char*& bytes, std::size_t& size);
  void finished(Slot& slot);
  void streamClosed(Slot& slot, std::uint32_t http2_error);
  void settings();
  void pinged(const unsigned char* opaque);

  Owner& owner_;
  const Options options_;
  nghttp2_session* session_ = nullptr;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;
  std::size_t active_ = 0;
  std::size_t max_streams_ = 0;  // none before the server's settings
  std::string* out_ = nullptr;   // of the pull() under way
  std::uint64_t produced_ = 0;   // bytes that pull() gave
  using PingData = std::array<unsigned char, 8>;
  std::array<PingData, 4> pings_{};  // not answered yet; a server that sends more is answered
  std::size_t owed_pings_ = 0;
  std::string error_;
  std::string last_timeout_;
  bool broken_ = false;
  bool greeted_ = false;  // the server's first bytes came
};

}  // namespace tykpp::drivers::grpc
