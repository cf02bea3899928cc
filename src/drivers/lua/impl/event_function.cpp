#include "drivers/lua/impl/event_function.hpp"

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "drivers/lua/impl/convert.hpp"

namespace tykpp::drivers::lua {
namespace {

/// The event thread's number among the workers: far from theirs.
constexpr std::uint32_t kEventWorker = 0xfffffffe;

struct Arguments {
  State& state;
  const Function& function;
  const nlohmann::json& event;
};

/// `handler(event, spec)` in protected mode.
int callHandler(lua_State* lua) {
  const Arguments& args = *static_cast<const Arguments*>(lua_touserdata(lua, 1));
  lua_rawgeti(lua, LUA_REGISTRYINDEX, args.function.ref);
  pushJson(lua, args.event);
  lua_getfield(lua, -1, "spec");
  lua_call(lua, 2, 0);
  return 0;
}

}  // namespace

EventThread::~EventThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void EventThread::add(std::shared_ptr<EventTarget> target, std::string payload,
                      std::shared_ptr<void> ticket) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  if (jobs_.size() >= kMaxWaiting) {
    TYKPP_LOG(warn, "lua", "too many events wait for Lua; one is dropped handler={}",
              log::quoted(target->name));
    return;
  }
  jobs_.push_back({std::move(target), std::move(payload), std::move(ticket)});
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  wake_.notify_one();
}

void EventThread::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    perform(job);
    job = {};  // states and tickets go without the lock
    lock.lock();
  }
}

/// Makes the thread's state of the API when there is none, and finds the function.
Result<void> EventThread::open(EventTarget& target) {
  if (target.state != nullptr && !target.state->retired()) return {};
  auto state = target.states->of(kEventWorker, runtime_->worker(kEventWorker).watched);
  if (!state) return state.error();
  auto function = (*state)->find(target.name);
  if (!function) return function.error();
  target.state = std::move(*state);
  target.function = *function;
  return {};
}

void EventThread::perform(const Job& job) {
  EventTarget& target = *job.target;
  const auto complain = [&target](std::string_view why) {
    TYKPP_LOG(err, "lua", "event handler failed handler={} api_id={} reason={}",
              log::quoted(target.name), log::quoted(target.states->program->api_id),
              log::quoted(why.substr(0, 4096)));
  };
  if (auto opened = open(target); !opened) return complain(opened.error().message());
  const auto event = nlohmann::json::parse(job.payload, nullptr, false);
  State& state = *target.state;
  auto thread = state.takeThread();
  if (!thread) return complain(thread.error().message());
  const Arguments args{state, target.function, event};
  state.setStackBase(&args);
  state.watched().enter(state.main(), Clock::now() + timeout_);
  const int status = lua_cpcall(thread->lua, &callHandler, const_cast<Arguments*>(&args));
  state.watched().leave();
  if (status != 0) {
    complain(lua_type(thread->lua, -1) == LUA_TSTRING ? viewAt(thread->lua, -1)
                                                      : "error object is not a string");
  }
  state.endCall(*thread);
  state.giveThread(*thread);
  if (status == LUA_ERRMEM && !state.recover() && !state.retired()) {
    state.retire();
    target.states->forget(kEventWorker);
  }
}

}  // namespace tykpp::drivers::lua
