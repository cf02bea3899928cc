#include "drivers/native/isolated/child_lane.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

#include "drivers/native/impl/host_api.hpp"
#include "drivers/native/impl/native_plugin.hpp"
#include "drivers/native/impl/pending_table.hpp"

namespace tykpp::drivers::native::isolated {
namespace {

constexpr std::size_t kChunkBytes = 64U << 10;
/// Calls in a row that have to defer before a hook is called by the lane's own thread.
constexpr int kKnownToDefer = 8;

std::int32_t callHook(const ChildHook& hook, ForeignCall& call) noexcept {
  try {
    return hook.function(&kHostApi, &call);
  } catch (const std::exception& error) {
    call.reason = error.what();
  } catch (...) {
    call.reason = "it let an exception out that is no std::exception";
  }
  return TYKPP_FAILED;
}

/// Judges by what it did whether the next call of the hook may hold up the lane.
void learn(ChildHook& hook, bool pending) {
  if (pending) {
    if (hook.deferred.load(std::memory_order_relaxed) < kKnownToDefer) {
      hook.deferred.fetch_add(1, std::memory_order_relaxed);
    }
    return;
  }
  if (hook.deferred.exchange(0, std::memory_order_relaxed) >= kKnownToDefer) {
    hook.blocks.store(true, std::memory_order_relaxed);
  }
}

}  // namespace

ChildLane::~ChildLane() { ::close(socket_); }

void ChildLane::serve() {
  std::string input;
  std::string buffer(kChunkBytes, '\0');
  for (;;) {
    const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    input.append(buffer.data(), static_cast<std::size_t>(got));
    // Replies of a batch go together, unless another thread sends already and takes what comes.
    const bool corked = cork();
    const bool good = takeFrames(input);
    if (corked) pump();
    if (!good) break;
  }
  // The gateway has let go of the lane: what runs runs on for nobody.
  std::unordered_map<std::uint64_t, std::shared_ptr<void>> states;
  std::vector<std::uint64_t> left;
  {
    const std::lock_guard lock(mutex_);
    states.swap(states_);
    for (const auto& [id, call] : calls_) left.push_back(id);
  }
  for (const std::uint64_t id : left) cancel(id);
}

bool ChildLane::takeFrames(std::string& input) {
  return takeEach(input, kTrustedFrame, [this](const Frame& frame) { return takeFrame(frame); });
}

bool ChildLane::takeFrame(const Frame& frame) {
  FrameReader body(frame.body);
  switch (frame.kind) {
    case FrameKind::kCall:
      return takeCall(frame.body);
    case FrameKind::kCancel:
      cancel(body.number<std::uint64_t>());
      return true;
    case FrameKind::kOver:
      over(body.number<std::uint64_t>());
      return true;
    default:
      return false;
  }
}

bool ChildLane::takeCall(std::string_view body) {
  std::shared_ptr<ForeignCall> call = readCall(body);
  if (call == nullptr) return false;
  const std::shared_ptr<ChildHook> hook = hooks_.hook(call->head.hook);
  if (hook == nullptr) return false;
  call->facts = hook->facts;
  call->lane = shared_from_this();
  call->end = this;
  {
    const std::lock_guard lock(mutex_);
    calls_.emplace(call->head.id, call);
    lendState(*call);
  }
  if (hook->deferred.load(std::memory_order_relaxed) >= kKnownToDefer &&
      !hook->blocks.load(std::memory_order_relaxed)) {
    run(call, hook);
  } else {
    pool_.run([self = shared_from_this(), call = std::move(call), hook] { self->run(call, hook); });
  }
  return true;
}

void ChildLane::run(const std::shared_ptr<ForeignCall>& call,
                    const std::shared_ptr<ChildHook>& hook) {
  {
    const std::lock_guard lock(mutex_);
    if (call->cancelled) return;  // it waited for a thread too long, and is answered
    call->started = true;
  }
  std::shared_ptr<tykpp_call_host> self = call;
  call->self = &self;
  const std::int32_t said = callHook(*hook, *call);
  call->self = nullptr;
  const bool pending = call->deferral != nullptr && said == TYKPP_PENDING;
  learn(*hook, pending);
  if (pending) return park(*call);
  if (call->deferral != nullptr) {  // it changed its mind
    takePending(call->deferral->ticket);
    const std::lock_guard lock(call->deferral->mutex);
    if (call->deferral->state != Deferral::State::kOpen) return;
    call->deferral->state = Deferral::State::kEnded;
  }
  answer(*call, said);
}

/// From here on a deferred call may be ended: its thread has left the hook.
void ChildLane::park(ForeignCall& call) {
  {
    const std::lock_guard lock(mutex_);
    call.parked = true;
    if (!call.cancelled) return;
  }
  if (endDeferral(*call.deferral)) answer(call, TYKPP_FAILED);
}

void ChildLane::completed(std::shared_ptr<tykpp_call_host> call) noexcept {
  const auto foreign = std::static_pointer_cast<ForeignCall>(std::move(call));
  answer(*foreign, foreign->deferral->verdict);
}

void ChildLane::cancel(std::uint64_t id) {
  std::shared_ptr<ForeignCall> call;
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;  // its reply is on the way
    call = found->second;
    call->cancelled = true;
    if (call->started && !call->parked) return;  // it is answered when its hook returns
  }
  if (!call->started || endDeferral(*call->deferral)) answer(*call, TYKPP_FAILED);
}

void ChildLane::over(std::uint64_t request_id) {
  std::shared_ptr<void> state;  // dropped unlocked: the plugin's code
  const std::lock_guard lock(mutex_);
  const auto found = states_.find(request_id);
  if (found == states_.end()) return;
  state = std::move(found->second);
  states_.erase(found);
}

void ChildLane::lendState(ForeignCall& call) {
  if (states_.empty()) return;
  const auto found = states_.find(call.own.requestId());
  if (found != states_.end()) setState(call.own, call.facts->state_owner, found->second);
}

bool ChildLane::keepState(const ForeignCall& call, std::shared_ptr<void>& replaced) {
  const std::uint64_t request = call.own.requestId();
  if ((call.changed & kStateChanged) != 0) {
    std::shared_ptr<void> value = stateOf(call.own, call.facts->state_owner);
    if (value != nullptr) {
      replaced = std::exchange(states_[request], std::move(value));
    } else if (const auto found = states_.find(request); found != states_.end()) {
      replaced = std::move(found->second);
      states_.erase(found);
    }
  }
  return !states_.empty() && states_.contains(request);
}

void ChildLane::answer(ForeignCall& call, std::int32_t said) {
  const Result<HookVerdict> verdict = verdictOf(said, call);
  std::shared_ptr<ForeignCall>
      done;  // both let go of unlocked: their ends may be the plugin's code
  std::shared_ptr<void> replaced;
  bool pump_here = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call.head.id);
    if (found == calls_.end()) return;
    done = std::move(found->second);
    calls_.erase(found);
    const bool has_state = keepState(call, replaced);
    if (call.cancelled) {
      writeReply(out_, call, Outcome::kGone, HookVerdict::kContinue, {}, has_state);
    } else if (verdict) {
      writeReply(out_, call, Outcome::kVerdict, *verdict, {}, has_state);
    } else {
      writeReply(out_, call, Outcome::kFailure, HookVerdict::kContinue, verdict.error().detail(),
                 has_state);
    }
    pump_here = !std::exchange(pumping_, true);
  }
  if (pump_here) pump();
}

bool ChildLane::cork() {
  const std::lock_guard lock(mutex_);
  return !std::exchange(pumping_, true);
}

void ChildLane::pump() {
  std::string bytes;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      bytes.clear();
      bytes.swap(out_);
      if (bytes.empty()) {
        pumping_ = false;
        return;
      }
    }
    std::string_view left = bytes;
    while (!left.empty()) {
      const ssize_t sent = ::send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) break;  // the gateway is gone; the lane's thread sees it
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
}

}  // namespace tykpp::drivers::native::isolated
