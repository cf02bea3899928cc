#include "drivers/grpc/impl/call_queue.hpp"

#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>
#include <pthread.h>

#include "base/log.hpp"

namespace tykpp::drivers::grpc {
namespace {

/// Debian's Abseil looks for deadlocks at every lock of every mutex, which costs a call several
/// microseconds.
void lockFast() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

/// What gRPC has to say goes where the gateway's own lines go. Thread: any.
void logLine(gpr_log_func_args* line) {
  if (line->severity == GPR_LOG_SEVERITY_ERROR) {
    TYKPP_LOG(err, "grpc", "{}", log::quoted(line->message));
  } else {
    TYKPP_LOG(debug, "grpc", "{}", log::quoted(line->message));
  }
}

}  // namespace

CallQueue::CallQueue() {
  lockFast();
  ::gpr_set_log_function(&logLine);
  thread_ = std::thread([this] { serve(); });
}

CallQueue::~CallQueue() {
  queue_.Shutdown();
  thread_.join();
  ::gpr_set_log_function(nullptr);  // gRPC's own threads may live longer than the loggers
}

void CallQueue::serve() {
  ::pthread_setname_np(::pthread_self(), "grpc-calls");
  void* tag = nullptr;
  bool ok = false;  // a call that ended always has: its status says how
  while (queue_.Next(&tag, &ok)) static_cast<Ticket*>(tag)->done();
}

}  // namespace tykpp::drivers::grpc
