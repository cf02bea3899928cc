#pragma once
// One connection to a plugin server, kept up: made anew when it breaks, with growing pauses.

#include <memory>
#include <string>
#include <vector>

#include "drivers/grpc/impl/connection.hpp"

namespace tykpp::drivers::grpc {

/// Goes to the first of its addresses that answers. Thread: its lane's worker.
class Subchannel final : public std::enable_shared_from_this<Subchannel>, public Connection::Owner {
 public:
  class Owner {
   public:
    /// A connection is there, or there is room on one again.
    virtual void onRoom() = 0;
    /// No address answered, or the connection was lost; error() says why.
    virtual void onChange() = 0;
    /// Connecting begins again: addresses may have changed.
    virtual void onAgain() = 0;
    virtual void onEnd(Call& call, bool unprocessed) = 0;

   protected:
    ~Owner() = default;
  };

  Subchannel(Owner& owner, Lane& lane, const Dialing& dialing, std::vector<Peer> peers);
  ~Subchannel();
  /// Connects, and goes on doing so.
  void connect();
  /// For the next connection.
  void setPeers(std::vector<Peer> peers) { peers_ = std::move(peers); }
  const std::vector<Peer>& peers() const noexcept { return peers_; }
  /// Ends all at once: calls are given back as UNAVAILABLE.
  void close();
  /// No more calls; those under way go on.
  void retire();
  /// Nothing is under way any more.
  bool idle() const noexcept { return connection_ == nullptr && draining_.empty() && !attempting_; }

  /// The connection that takes calls; null while there is none.
  Connection* ready() const noexcept {
    return connection_ != nullptr && connection_->ready() ? connection_.get() : nullptr;
  }
  /// The last try failed and nothing has been heard since.
  bool failing() const noexcept { return failures_ > 0; }
  const std::string& error() const noexcept { return error_; }

 private:
  net::Detached attempt();
  void again();
  void failed(std::string why);
  void drain(std::shared_ptr<Connection> connection);
  void onDraining(Connection& connection) override;
  void onLost(Connection& connection, const std::string& why) override;
  void onRoom() override { owner_.onRoom(); }
  void onEnd(Call& call, bool unprocessed) override;

  Owner& owner_;
  Lane& lane_;
  const Dialing& dialing_;
  std::vector<Peer> peers_;
  std::shared_ptr<Connection> connection_;  // being made, or in use
  std::vector<std::shared_ptr<Connection>> draining_;
  net::Deadline retry_;
  Clock::time_point last_attempt_;
  Clock::duration pause_;  // between two beginnings
  int failures_ = 0;
  std::string error_;
  bool attempting_ = false;
  bool closed_ = false;
};

}  // namespace tykpp::drivers::grpc
