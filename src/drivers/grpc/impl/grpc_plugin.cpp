#include "drivers/grpc/impl/grpc_plugin.hpp"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <climits>
#include <optional>

#include "drivers/grpc/impl/reply_message.hpp"
#include "http/client_watch.hpp"

namespace tykpp::drivers::grpc {
namespace {

/// Waits until the call has ended. The server is told when the client leaves, and when nobody waits
/// any more.
class Wait {
 public:
  Wait(Call& call, std::shared_ptr<Lane> lane, const http::Exchange& exchange)
      : call_(call), lane_(std::move(lane)), watch_(exchange, &Wait::onClientLeft, this) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait() { lane_->release(call_); }
  bool await_ready() const noexcept { return call_.returned; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { call_.waiter = waiter; }
  void await_resume() const noexcept {}
  bool clientLeft() const noexcept { return watch_.left(); }

 private:
  static void onClientLeft(void* self) {
    auto* wait = static_cast<Wait*>(self);
    wait->lane_->cancel(wait->call_);
  }

  Call& call_;
  std::shared_ptr<Lane> lane_;
  http::ClientWatch watch_;
};

Error dispatchError(Hook hook, const Status& status) {
  const bool late = status.code == StatusCode::kDeadlineExceeded;
  return coprocess::failure(
      hook, std::string("Dispatch error: ") + codeName(status.code) + ": " + status.message,
      late ? Errc::kPluginTimeout : Errc::kPluginFailed);
}

std::optional<ReplyMessage> parsed(const std::string& bytes) {
  if (bytes.size() > INT_MAX) return std::nullopt;
  google::protobuf::io::ArrayInputStream input(bytes.data(), static_cast<int>(bytes.size()));
  return readReply(input);
}

/// A request hook's answer. proto3 does not tell an empty field from an absent one.
void completeRequest(http::Exchange& exchange, bool has_request, coprocess::RequestReply& reply) {
  if (!has_request) return;  // nothing is changed
  if (!reply.raw_body) reply.raw_body.emplace();
  if (!reply.url) reply.url.emplace();
  // Where the URL was no UTF-8, what comes back is what was shown in its place.
  if (*reply.url == shownUrl(exchange)) reply.url.reset();
  if (reply.method && reply.method->empty()) reply.method.reset();
}

/// Whether the map of single values is what the plugin was shown.
bool untouched(http::Exchange& exchange, std::vector<coprocess::Pair> headers) {
  std::vector<coprocess::ViewPair> shown;
  for (const coprocess::ViewPair& field : coprocess::responseFields(exchange)) {
    const auto same = [&field](const auto& other) { return other.first == field.first; };
    if (field.first != "Host" && std::none_of(shown.begin(), shown.end(), same)) {
      shown.push_back(field);
    }
  }
  if (shown.size() != headers.size()) return false;
  return std::all_of(shown.begin(), shown.end(), [&](const coprocess::ViewPair& field) {
    return std::any_of(headers.begin(), headers.end(), [&](const coprocess::Pair& pair) {
      return pair.first == field.first && pair.second == asUtf8(field.second, exchange.arena());
    });
  });
}

}  // namespace

Result<std::unique_ptr<BoundPlugin>> GrpcLoaded::bind(std::uint32_t worker_index) const {
  auto lane = runtime_->lane(worker_index);
  if (lane == nullptr) return Error(Errc::kInternal, "no loop to call plugin servers from");
  Channel& channel = server_->channel(worker_index, lane);
  return std::unique_ptr<BoundPlugin>(
      std::make_unique<GrpcBound>(facts_, server_, channel, std::move(lane)));
}

Result<HookVerdict> GrpcBound::call(HookCall& hook) {
  lane_->message().build(hook, facts_->facts, facts_->constant);
  Call* call = lane_->start(channel_, lane_->message(), hook.deadline);
  if (call == nullptr) {
    return coprocess::failure(hook.hook, "too many calls of plugin servers wait already");
  }
  // An exchange at this address that never got to wait is gone.
  if (const auto old = waiting_.find(&hook.exchange); old != waiting_.end()) {
    lane_->release(*old->second);
  }
  waiting_.insert_or_assign(&hook.exchange, call);
  return HookVerdict::kPending;
}

net::Task<Result<HookVerdict>> GrpcBound::finish(HookCall& hook) {
  const auto found = waiting_.find(&hook.exchange);
  if (found == waiting_.end()) {
    co_return coprocess::failure(hook.hook, "the call was never made");
  }
  Call& call = *found->second;
  waiting_.erase(found);
  Wait wait(call, lane_, hook.exchange);
  co_await wait;
  if (wait.clientLeft()) {
    co_return Error(Errc::kClientGone, Side::kClient, 499, "Client closed request");
  }
  co_return settle(hook, call);
}

Result<HookVerdict> GrpcBound::settle(HookCall& hook, Call& call) {
  if (!call.status.ok()) return dispatchError(hook.hook, call.status);
  std::optional<ReplyMessage> reply = parsed(call.reply);
  if (!reply) {
    return coprocess::failure(hook.hook, "Dispatch error: the answer is no coprocess.Object");
  }
  const auto& body =
      hook.hook == Hook::kResponse ? reply->response.raw_body : reply->request.raw_body;
  if ((body && body->size() > facts_->max_body) ||
      reply->request.overrides.body.size() > facts_->max_body) {
    return coprocess::failure(hook.hook,
                              "the plugin makes a body that is larger than max_buffered_body_size");
  }
  if (hook.hook != Hook::kResponse) {
    completeRequest(hook.exchange, reply->has_request, reply->request);
    return coprocess::apply(hook, facts_->facts, std::move(reply->request));
  }
  if (!reply->has_response) {
    return coprocess::failure(hook.hook, "No response object returned by response hook");
  }
  if (untouched(hook.exchange, *reply->response.headers)) reply->response.headers.reset();
  if (!reply->response.raw_body) reply->response.raw_body.emplace();
  return coprocess::applyResponse(hook, facts_->facts, std::move(reply->response));
}

}  // namespace tykpp::drivers::grpc
