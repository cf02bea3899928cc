#include "drivers/script/script_call.hpp"

#include <utility>

namespace tykpp::drivers::script {
namespace {

thread_local ScriptCall* current_call = nullptr;

Error stopped() { return Error(Errc::kPluginTimeout, Side::kPlugin, 500, "the hook's time is up"); }

}  // namespace

ScriptCall* ScriptCall::current() noexcept { return current_call; }

Result<FetchResponse> ScriptCall::fetch(FetchRequest request) {
  std::vector<FetchRequest> one;
  one.push_back(std::move(request));
  return std::move(fetchAll(std::move(one)).front());
}

std::vector<Result<FetchResponse>> ScriptCall::fetchAll(std::vector<FetchRequest> requests) {
  std::vector<Result<FetchResponse>> answers(requests.size(), stopped());
  if (mustStop() || requests.empty()) return answers;
  struct Round {
    std::vector<Result<FetchResponse>> answers;
    std::size_t missing;
  };
  const auto round = std::make_shared<Round>(Round{answers, requests.size()});
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(call_.deadline - Clock::now());
  const bool all = wait([&](const Done& done) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      requests[i].timeout = std::min(requests[i].timeout, left);
      plugin_.services_.fetch(plugin_.worker_, std::move(requests[i]),
                              [round, done, i](Result<FetchResponse> answer) {
                                round->answers[i] = std::move(answer);
                                if (--round->missing == 0) done();
                              });
    }
  });
  if (!all) return answers;
  return std::move(round->answers);
}

std::uint32_t ScriptCall::worker() const noexcept { return plugin_.worker_; }

bool ScriptCall::wait(const std::function<void(Done)>& begin) {
  if (mustStop()) return false;
  const std::uint64_t number = ++wait_number_;
  begin([weak = weak_from_this(), number] {
    const std::shared_ptr<ScriptCall> call = weak.lock();
    if (call != nullptr && call->waiting_ && call->wait_number_ == number) call->endWait();
  });
  plugin_.leaving(*this);
  waiting_ = true;
  ScriptCall* const self = std::exchange(current_call, nullptr);
  fiber_.suspend();
  current_call = self;
  waiting_ = false;
  ++wait_number_;
  plugin_.returning(*this);
  return !cancelled_;
}

Result<std::string> ScriptCall::awaitStored(
    const std::function<void(WorkerServices::Stored)>& start) {
  const auto answer = std::make_shared<Result<std::string>>(stopped());
  const bool ended = wait([&](const Done& done) {
    // The storage answers on a thread of its own.
    start([answer, done, &services = plugin_.services_,
           worker = plugin_.worker_](Result<std::string> value) {
      services.post(worker, [answer, done, value = std::move(value)]() mutable {
        *answer = std::move(value);
        done();
      });
    });
  });
  if (!ended) return stopped();
  return std::move(*answer);
}

Result<std::string> ScriptCall::loadData(std::string key) {
  return awaitStored([&](WorkerServices::Stored done) {
    plugin_.services_.loadData(std::move(key), std::move(done));
  });
}

Result<std::string> ScriptCall::storeData(std::string key, std::string value,
                                          std::chrono::seconds ttl) {
  return awaitStored([&](WorkerServices::Stored done) {
    plugin_.services_.storeData(std::move(key), std::move(value), ttl, std::move(done));
  });
}

/// What was waited for is there.
void ScriptCall::endWait() {
  const std::shared_ptr<ScriptCall> keep = shared_from_this();
  resume();
  if (!ended_) return;
  if (const auto waiter = std::exchange(waiter_, {})) waiter.resume();
}

void ScriptCall::resume() {
  ScriptCall* const outer = std::exchange(current_call, nullptr);
  ended_ = fiber_.resume();
  current_call = outer;
}

/// The script goes on only to end.
void ScriptCall::cancel() {
  cancelled_ = true;
  while (!ended_) resume();
}

ScriptPlugin::~ScriptPlugin() {
  for (auto& [exchange, call] : waiting_) call->cancel();
}

/// Waits for a call that has left its hook. Destroyed with its coroutine when the client leaves.
class ScriptPlugin::Parked {
 public:
  explicit Parked(std::shared_ptr<ScriptCall> call) : call_(std::move(call)) {}
  Parked(const Parked&) = delete;
  Parked& operator=(const Parked&) = delete;
  ~Parked() {
    call_->waiter_ = {};
    if (!call_->ended_) call_->cancel();
  }

  bool await_ready() const noexcept { return call_->ended_; }
  void await_suspend(std::coroutine_handle<> waiter) {
    call_->waiter_ = waiter;
    const std::weak_ptr<ScriptCall> weak = call_;
    const ScriptPlugin& plugin = call_->plugin_;
    plugin.services_.callAt(plugin.worker_, call_->deadline(), [weak] { expire(weak.lock()); });
  }
  void await_resume() const noexcept {}

 private:
  static void expire(const std::shared_ptr<ScriptCall>& call) {
    if (call == nullptr || call->ended_) return;
    call->timed_out_ = true;
    call->cancel();
    if (const auto waiter = std::exchange(call->waiter_, {})) waiter.resume();
  }

  std::shared_ptr<ScriptCall> call_;
};

Result<HookVerdict> ScriptPlugin::call(HookCall& call) {
  const auto script = std::make_shared<ScriptCall>(*this, call);
  ScriptCall* const outer = std::exchange(current_call, nullptr);
  script->ended_ = script->fiber_.start(stacks_, [this, self = script.get()] {
    current_call = self;
    self->verdict_ = run(*self);
    current_call = nullptr;
  });
  current_call = outer;
  if (script->ended_) return std::move(script->verdict_);
  waiting_.insert_or_assign(&call.exchange, script);
  return HookVerdict::kPending;
}

net::Task<Result<HookVerdict>> ScriptPlugin::finish(HookCall& call) {
  const auto found = waiting_.find(&call.exchange);
  if (found == waiting_.end()) {
    co_return Error(Errc::kInternal, "the call never stopped to wait");
  }
  const std::shared_ptr<ScriptCall> script = std::move(found->second);
  waiting_.erase(found);
  Parked parked(script);
  co_await parked;
  if (script->timed_out_) co_return timeoutError(script->hook());
  co_return std::move(script->verdict_);
}

}  // namespace tykpp::drivers::script
