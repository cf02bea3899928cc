#include "drivers/grpc/impl/call_queue.hpp"

#include <pthread.h>

namespace tykpp::drivers::grpc {

CallQueue::CallQueue() : thread_([this] { serve(); }) {}

CallQueue::~CallQueue() {
  queue_.Shutdown();
  thread_.join();
}

void CallQueue::serve() {
  ::pthread_setname_np(::pthread_self(), "grpc-calls");
  void* tag = nullptr;
  bool ok = false;  // a call that ended always has: its status says how
  while (queue_.Next(&tag, &ok)) static_cast<Ticket*>(tag)->done();
}

}  // namespace tykpp::drivers::grpc
