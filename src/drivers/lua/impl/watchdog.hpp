#pragma once
// Ends scripts that run past their deadline. Running scripts cost nothing for it but three stores:
// a thread looks at what the workers run every few milliseconds and interrupts a worker whose
// script is late with a signal; the handler sets a hook that the interpreter calls at its next
// instruction, and the hook raises an error.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.hpp"

struct lua_State;
struct lua_Debug;

namespace tykpp::drivers::lua {

/// What one thread runs. Written by that thread, read by the watchdog.
class Watched {
 public:
  /// Lua code of this state is entered. Thread: the owner; not nested.
  void enter(lua_State* state, Clock::time_point deadline) noexcept;
  /// It has been left, for good or to wait.
  void leave() noexcept;
  /// Raises the error of a script that is late at every instruction from now on, until leave().
  void stopNow() noexcept;
  bool late() const noexcept;

 private:
  friend class Watchdog;
  static void onSignal(int) noexcept;
  void interrupt() noexcept;

  std::atomic<lua_State*> running_{nullptr};
  std::atomic<std::int64_t> deadline_{0};  // of Clock, in its units
  std::atomic<int> thread_{0};
  std::atomic<std::uint32_t> turns_{0};
  std::atomic<bool> armed_{false};
};

/// The thread that looks. Started with the first Watched.
class Watchdog {
 public:
  Watchdog() = default;
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  /// One more thread to watch. Lives as long as the watchdog. Thread: any.
  Watched& add();

 private:
  void run();
  /// @return whether anything ran since the last look
  bool look();

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Watched>> all_;
  std::vector<std::uint32_t> seen_;  // turns at the last look
  std::thread thread_;
};

}  // namespace tykpp::drivers::lua
