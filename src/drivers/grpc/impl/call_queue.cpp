#include "drivers/grpc/impl/call_queue.hpp"

#include <absl/synchronization/mutex.h>
#include <pthread.h>

namespace tykpp::drivers::grpc {

namespace {

/// Debian's Abseil looks for deadlocks at every lock of every mutex, which costs a call several
/// microseconds.
void lockFast() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace

CallQueue::CallQueue() : thread_([this] { serve(); }) {}

CallQueue::~CallQueue() {
  queue_.Shutdown();
  thread_.join();
}

void CallQueue::serve() {
  lockFast();
  ::pthread_setname_np(::pthread_self(), "grpc-calls");
  void* tag = nullptr;
  bool ok = false;  // a call that ended always has: its status says how
  while (queue_.Next(&tag, &ok)) static_cast<Ticket*>(tag)->done();
}

}  // namespace tykpp::drivers::grpc
