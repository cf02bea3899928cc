#include "drivers/grpc/impl/lane.hpp"

#include <grpc/slice.h>

#include <utility>

namespace tykpp::drivers::grpc {
namespace {

constexpr std::size_t kMaxSpare = 256;

const std::string& dispatchMethod() {
  static const std::string name = "/coprocess.Dispatcher/Dispatch";
  return name;
}

gpr_timespec grpcTime(Clock::time_point when) {
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(when - Clock::now());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_micros(left.count(), GPR_TIMESPAN));
}

::grpc::ByteBuffer bufferOf(const RequestMessage& message, std::size_t size) {
  grpc_slice memory = grpc_slice_malloc(size);
  message.write(reinterpret_cast<char*>(GRPC_SLICE_START_PTR(memory)));
  const ::grpc::Slice slice(memory, ::grpc::Slice::STEAL_REF);
  return {&slice, 1};
}

}  // namespace

void Call::done() noexcept { lane_.arrived(*this); }

Call& Lane::take() {
  if (spare_.empty()) {
    calls_.push_back(std::make_unique<Call>(*this));
  } else {
    calls_.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  calls_.back()->index_ = calls_.size() - 1;
  return *calls_.back();
}

Call* Lane::start(const std::shared_ptr<Server>& server, Endpoint& endpoint,
                  const RequestMessage& message, Clock::time_point deadline) {
  const std::size_t size = message.size();
  if (queue_ == nullptr || calls_.size() >= limits_.max_calls ||
      (bytes_ != 0 && bytes_ + size > limits_.max_bytes)) {
    return nullptr;
  }
  Call& call = take();
  call.server_ = server;
  call.bytes_ = size;
  bytes_ += size;
  call.context_.emplace();
  call.context_->set_deadline(grpcTime(deadline));
  call.reader_ = endpoint.stub.PrepareUnaryCall(&*call.context_, dispatchMethod(),
                                                bufferOf(message, size), &queue_->get());
  call.reader_->StartCall();
  call.reader_->Finish(&call.reply, &call.status, static_cast<Ticket*>(&call));
  return &call;
}

void Lane::release(Call& call) {
  call.waiter = {};
  if (call.returned) {
    recycle(call);
    return;
  }
  call.abandoned_ = true;
  cancel(call);
}

void Lane::cancel(Call& call) {
  if (!call.returned) call.context_->TryCancel();
}

void Lane::close() {
  queue_ = nullptr;
  for (const auto& call : calls_) cancel(*call);
}

/// One post carries all that come until the worker gets to it.
void Lane::arrived(Call& call) noexcept {
  bool post = false;
  {
    const std::lock_guard lock(mutex_);
    arrived_.push_back(&call);
    post = !std::exchange(posted_, true);
  }
  if (post) services_.post(worker_, [self = shared_from_this()] { self->drain(); });
}

void Lane::drain() {
  std::vector<Call*> calls;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(arrived_);
    posted_ = false;
  }
  for (Call* call : calls) {
    call->returned = true;
    call->server_->note(call->status);
    if (call->abandoned_) {
      recycle(*call);
    } else if (const auto waiter = std::exchange(call->waiter, {})) {
      waiter.resume();
    }
  }
}

void Lane::recycle(Call& call) {
  bytes_ -= call.bytes_;
  call.reader_.reset();
  call.context_.reset();
  call.server_.reset();
  call.reply.Clear();
  call.status = {};
  call.returned = false;
  call.abandoned_ = false;
  std::unique_ptr<Call> owned = std::move(calls_[call.index_]);
  if (&calls_[call.index_] != &calls_.back()) {
    calls_.back()->index_ = call.index_;
    calls_[call.index_] = std::move(calls_.back());
  }
  calls_.pop_back();
  if (spare_.size() < kMaxSpare) spare_.push_back(std::move(owned));
}

}  // namespace tykpp::drivers::grpc
