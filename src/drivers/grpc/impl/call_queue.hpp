#pragma once
// gRPC's completion queue and the one thread that takes from it. gRPC's own threads do no more than
// watch timers: this one reads the sockets too, for every channel, and hands each finished call to
// its lane.

#include <grpcpp/completion_queue.h>

#include <thread>

namespace tykpp::drivers::grpc {

/// A call under way, as the queue knows it. Must live until done().
class Ticket {
 public:
  /// It has ended, well or not. Thread: the queue's.
  virtual void done() noexcept = 0;

 protected:
  ~Ticket() = default;
};

class CallQueue {
 public:
  CallQueue();
  CallQueue(const CallQueue&) = delete;
  CallQueue& operator=(const CallQueue&) = delete;
  /// Waits for the calls under way; whoever ends cancels them first. None may be started any more.
  ~CallQueue();
  ::grpc::CompletionQueue& get() noexcept { return queue_; }

 private:
  void serve();

  ::grpc::CompletionQueue queue_;
  std::thread thread_;
};

}  // namespace tykpp::drivers::grpc
