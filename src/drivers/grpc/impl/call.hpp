#pragma once
// A call of a plugin server: an RPC, who waits for it, and how long.

#include <boost/intrusive/list.hpp>
#include <coroutine>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "drivers/grpc/impl/rpc.hpp"
#include "net/deadline.hpp"

namespace tykpp::drivers::grpc {

class Channel;
class Connection;
class Lane;
class Server;

/// What has to be done when an event got there, or did not.
struct EventNote {
  std::shared_ptr<Server> server;
  std::string handler;
  std::shared_ptr<void> ticket;
  std::shared_ptr<void> place;  ///< among the events under way
};

using QueueHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// Used again for the next; a lane owns it. Thread: the lane's worker.
class Call final : public Rpc, public QueueHook {
 public:
  Call(Lane& lane, net::Wheel& wheel) : lane_(lane) {
    deadline_.emplace(wheel, &Call::expire, this);
  }

  std::coroutine_handle<> waiter;  ///< resumed once the call has returned
  bool returned = false;           ///< status and reply are there

 private:
  friend class Lane;
  friend class Channel;
  friend class Connection;
  static void expire(net::Deadline&, void* self);

  Lane& lane_;
  Channel* channel_ = nullptr;
  Connection* connection_ = nullptr;  // that carries it; null: it waits for one
  std::shared_ptr<EventNote> event_;
  std::optional<net::Deadline> deadline_;  // none once the lane is closed
  Clock::time_point expires_;
  std::size_t held_ = 0;   // bytes of messages, as the lane counts them
  std::size_t index_ = 0;  // in the lane's calls
  bool retried_ = false;
};

/// Calls that wait, first come first served. A call that is destroyed or ends leaves by itself.
using CallQueue = boost::intrusive::list<Call, boost::intrusive::base_hook<QueueHook>,
                                         boost::intrusive::constant_time_size<false>>;

}  // namespace tykpp::drivers::grpc
