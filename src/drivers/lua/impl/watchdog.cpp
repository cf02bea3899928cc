#include "drivers/lua/impl/watchdog.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <lua.hpp>

namespace tykpp::drivers::lua {
namespace {

/// What the signal's handler finds on its thread.
thread_local Watched* here = nullptr;

constexpr auto kShortLook = std::chrono::milliseconds(10);
constexpr auto kLongLook = std::chrono::milliseconds(100);

int interruptSignal() noexcept { return SIGRTMIN + 7; }

std::int64_t ticks(Clock::time_point when) noexcept { return when.time_since_epoch().count(); }

/// Called by the interpreter at an instruction. The hook stays: a pcall around the script must not
/// end the error for good.
void stopScript(lua_State* lua, lua_Debug* /*at*/) {
  if (here == nullptr) return;
  luaL_error(lua, "the hook's time is up");
}

int threadNumber() noexcept {
  static thread_local const int number = static_cast<int>(::syscall(SYS_gettid));
  return number;
}

}  // namespace

void Watched::enter(lua_State* state, Clock::time_point deadline) noexcept {
  here = this;
  thread_.store(threadNumber(), std::memory_order_relaxed);
  deadline_.store(ticks(deadline), std::memory_order_relaxed);
  turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  running_.store(state, std::memory_order_release);
}

void Watched::leave() noexcept {
  lua_State* const state = running_.load(std::memory_order_relaxed);
  running_.store(nullptr, std::memory_order_release);
  // From here on the handler does nothing: hooks can be changed.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (state != nullptr && armed_.load(std::memory_order_relaxed)) [[unlikely]] {
    lua_sethook(state, nullptr, 0, 0);
    armed_.store(false, std::memory_order_relaxed);
  }
}

bool Watched::late() const noexcept {
  return ticks(Clock::now()) >= deadline_.load(std::memory_order_relaxed);
}

void Watched::stopNow() noexcept {
  lua_State* const state = running_.load(std::memory_order_relaxed);
  if (state == nullptr) return;
  armed_.store(true, std::memory_order_relaxed);
  lua_sethook(state, stopScript, LUA_MASKCOUNT | LUA_MASKCALL | LUA_MASKRET, 1);
}

/// lua_sethook may be called from a signal handler: it changes a few words of the state, and the
/// interpreter reads them one at a time.
void Watched::onSignal(int) noexcept {
  Watched* const watched = here;
  if (watched == nullptr || watched->armed_.load(std::memory_order_relaxed)) return;
  if (watched->running_.load(std::memory_order_relaxed) == nullptr || !watched->late()) return;
  watched->stopNow();
}

void Watched::interrupt() noexcept {
  // Not pthread_kill: a thread that has ended meanwhile must be no error.
  ::syscall(SYS_tgkill, ::getpid(), thread_.load(std::memory_order_relaxed), interruptSignal());
}

Watched& Watchdog::add() {
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) {
    struct sigaction action = {};
    action.sa_handler = &Watched::onSignal;
    action.sa_flags = SA_RESTART;
    ::sigfillset(&action.sa_mask);
    ::sigaction(interruptSignal(), &action, nullptr);
    thread_ = std::thread([this] { run(); });
  }
  all_.push_back(std::make_unique<Watched>());
  seen_.push_back(0);
  return *all_.back();
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  for (const auto& watched : all_) {
    if (here == watched.get()) here = nullptr;
  }
}

bool Watchdog::look() {
  bool busy = false;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    Watched& watched = *all_[i];
    const std::uint32_t turns = watched.turns_.load(std::memory_order_relaxed);
    if (turns != seen_[i]) busy = true;
    seen_[i] = turns;
    if (watched.running_.load(std::memory_order_acquire) == nullptr) continue;
    busy = true;
    if (watched.late()) watched.interrupt();
  }
  return busy;
}

void Watchdog::run() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  auto pause = kShortLook;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, pause, [this] { return stopping_; })) {
    pause = look() ? kShortLook : std::min(pause * 2, kLongLook);
  }
}

}  // namespace tykpp::drivers::lua
