#pragma once
// The calls of one worker: started by it, finished by the queue's thread, and given back to it in
// batches. Whatever is here is the worker's alone unless it says otherwise.

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <coroutine>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "drivers/grpc/impl/call_queue.hpp"
#include "drivers/grpc/impl/request_message.hpp"
#include "drivers/grpc/impl/server.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::grpc {

class Lane;

/// One RPC. Used again for the next; a lane owns it from start() to release().
class Call final : public Ticket {
 public:
  explicit Call(Lane& lane) : lane_(lane) {}
  void done() noexcept override;

  ::grpc::ByteBuffer reply;
  ::grpc::Status status;
  std::coroutine_handle<> waiter;
  bool returned = false;  ///< status and reply are there

 private:
  friend class Lane;
  Lane& lane_;
  std::optional<::grpc::ClientContext> context_;  // good for one RPC
  std::unique_ptr<::grpc::ClientAsyncResponseReader<::grpc::ByteBuffer>> reader_;
  std::shared_ptr<Server> server_;
  std::size_t bytes_ = 0;
  std::size_t index_ = 0;   // in the lane's calls
  bool abandoned_ = false;  // nobody waits any more
};

struct LaneLimits {
  std::size_t max_calls = 4096;
  /// Bytes of the messages of calls under way; one call alone may have more.
  std::size_t max_bytes = 256U << 20;
};

class Lane : public std::enable_shared_from_this<Lane> {
 public:
  Lane(WorkerServices& services, CallQueue* queue, std::uint32_t worker, LaneLimits limits)
      : services_(services), queue_(queue), worker_(worker), limits_(limits) {}

  /// Sends the message. @return null when too many calls are under way
  /// @param endpoint  the server's for this worker
  Call* start(const std::shared_ptr<Server>& server, Endpoint& endpoint,
              const RequestMessage& message, Clock::time_point deadline);
  /// The call's answer was taken, or nobody waits for it any more: then it is cancelled.
  void release(Call& call);
  /// Ends the call early; it returns all the same.
  void cancel(Call& call);
  /// The queue is about to end: calls under way are cancelled, and none is started any more.
  void close();
  RequestMessage& message() noexcept { return message_; }

 private:
  friend class Call;
  void arrived(Call& call) noexcept;  // thread: the queue's
  void drain();
  Call& take();
  void recycle(Call& call);

  WorkerServices& services_;
  CallQueue* queue_;  // null: closed
  const std::uint32_t worker_;
  const LaneLimits limits_;
  RequestMessage message_;
  std::vector<std::unique_ptr<Call>> calls_;  // under way, or answered and not released
  std::vector<std::unique_ptr<Call>> spare_;
  std::size_t bytes_ = 0;

  std::mutex mutex_;  // guards what follows
  std::vector<Call*> arrived_;
  bool posted_ = false;
};

}  // namespace tykpp::drivers::grpc
