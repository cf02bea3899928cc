#pragma once
// A plugin server as one worker reaches it: its connections, and calls that wait for one.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drivers/grpc/impl/subchannel.hpp"

namespace tykpp::drivers::grpc {

/// What is known of a server, by all workers. Thread: any.
class Health {
 public:
  /// A call ended.
  void note(const Status& status);
  /// No connection could be made.
  void failed(const std::string& why);
  std::string error() const;
  bool failing() const noexcept { return failed_.load(std::memory_order_relaxed); }

 private:
  mutable std::mutex mutex_;
  std::string error_;
  std::atomic<bool> failed_{false};  // there is an error: read without the lock after each call
};

/// Thread: its lane's worker, but for state().
class Channel final : public std::enable_shared_from_this<Channel>, public Subchannel::Owner {
 public:
  enum class State : std::uint8_t { kIdle, kConnecting, kReady, kFailing, kClosed };

  Channel(Lane& lane, std::shared_ptr<const Dialing> dialing, std::shared_ptr<Health> health);
  ~Channel();
  /// Connects, and keeps connected. Nothing when it has begun already.
  void connect();
  /// Makes the call: now, or once there is a connection with room. It may have ended on return.
  void start(Call& call);
  /// The call is not under way any more; it has no status.
  void cancel(Call& call);
  /// Ends everything at once.
  void close();
  State state() const noexcept { return state_.load(std::memory_order_relaxed); }
  const Dialing& dialing() const noexcept { return *dialing_; }

 private:
  net::Detached resolve();
  void reconcile(std::vector<Peer> peers);
  void add(std::vector<Peer> peers);
  Connection* pick();
  bool failing() const noexcept;
  void dispatch(Call& call);
  void pump();
  void end(Call& call);
  void refuse(Call& call);
  void update();
  void onRoom() override;
  void onChange() override;
  void onAgain() override;
  void onEnd(Call& call, bool unprocessed) override;

  Lane& lane_;
  const std::shared_ptr<const Dialing> dialing_;
  const std::shared_ptr<Health> health_;
  std::vector<std::shared_ptr<Subchannel>> subchannels_;
  std::vector<std::shared_ptr<Subchannel>> retired_;  // of addresses that a name has no more
  CallQueue queue_;
  std::size_t next_ = 0;  // subchannel whose turn it is
  net::Resolver::Lookup* lookup_ = nullptr;
  net::Deadline ask_again_;
  std::string unresolved_;  // why the name has no address
  bool begun_ = false;
  std::atomic<State> state_{State::kIdle};
};

}  // namespace tykpp::drivers::grpc
