#pragma once
// A connection to one address of a plugin server: socket, TLS, and the HTTP/2 session on it.

#include <coroutine>
#include <memory>
#include <string>

#include "drivers/grpc/impl/call.hpp"
#include "drivers/grpc/impl/dialing.hpp"
#include "drivers/grpc/impl/h2_session.hpp"
#include "net/resolver.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace tykpp::drivers::grpc {

/// Where one connection goes.
struct Peer {
  net::Address address;  ///< with its port, or of a socket in the file system
  std::string text;      ///< for logs
  std::string host;      ///< as it was named: for certificates and `:authority`
  std::string authority;
};

/// Thread: its lane's worker.
class Connection final : public std::enable_shared_from_this<Connection>, public H2Session::Owner {
 public:
  /// Whose connection it is. Told in the middle of the loop's work; may let go of the connection.
  class Owner {
   public:
    /// The server takes no more calls here; those under way go on.
    virtual void onDraining(Connection& connection) = 0;
    /// The connection was established and has ended; its calls have been given back.
    virtual void onLost(Connection& connection, const std::string& why) = 0;
    /// There is room for a call again.
    virtual void onRoom() = 0;
    /// A call has ended; its status is set.
    virtual void onEnd(Call& call, bool unprocessed) = 0;

   protected:
    ~Owner() = default;
  };

  Connection(Owner& owner, Lane& lane, const Dialing& dialing);
  ~Connection();

  /// Connects, with TLS when it is asked for, and waits for the server's settings.
  net::Task<Result<void>> open(const Peer& peer);
  /// Ends it at once: calls are given back as UNAVAILABLE with this text. The owner's onLost is
  /// not called. An open() under way returns.
  void close(const std::string& why);

  /// @return false when it takes no call: nothing has happened then
  bool start(Call& call);
  void cancel(Call& call);
  bool ready() const noexcept { return ready_; }
  bool room() const noexcept { return ready_ && !draining_ && session_->room(); }
  std::size_t active() const noexcept { return session_ ? session_->active() : 0; }
  Clock::time_point since() const noexcept { return since_; }

  /// No more calls: closes once those under way have ended.
  void retire();

 private:
  friend class Lane;
  struct Room : net::Waiter {
    Connection* connection = nullptr;
  };
  struct Established;
  void endOfTurn();
  void read();
  void flush();
  net::Task<Result<void>> connect(const Peer& peer);
  void beginSession(const Peer& peer);
  bool writeSome();
  void lose(const std::string& why);
  void giveBack(const std::string& why);
  void onTimer();
  void pullAll();
  void keepAlive(Clock::time_point now);
  void onSettings() override;
  void onGoAway() override;
  void onEnd(Rpc& rpc, bool unprocessed) override;
  bool take(Rpc& rpc, std::size_t bytes) override;

  Owner& owner_;
  Lane& lane_;
  const Dialing& dialing_;
  net::Stream stream_;
  std::unique_ptr<H2Session> session_;
  std::string out_;             // pulled, not taken by the kernel yet
  std::size_t out_sent_ = 0;    // of out_
  std::uint64_t accepted_ = 0;  // bytes the kernel took
  Room room_;                   // waits until the kernel takes bytes again
  bool blocked_ = false;        // room_ waits
  bool listed_ = false;         // for the end of the turn
  bool more_ = false;           // bytes may be left to read
  bool connecting_ = false;     // connect() is under way
  bool ready_ = false;          // the server's settings came
  bool draining_ = false;
  bool closed_ = false;
  std::string closed_why_;
  std::coroutine_handle<> opening_;  // open(), waiting for the settings
  net::Deadline timer_;              // of open(), then for keepalive
  net::Deadline ping_answers_;       // when they go alone, if nothing else goes before
  Clock::time_point since_;          // established
  Clock::time_point last_read_, ping_sent_;
  bool pinged_ = false;
};

}  // namespace tykpp::drivers::grpc
