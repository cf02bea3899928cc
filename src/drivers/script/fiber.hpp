#pragma once
// Functions that run on a stack of their own and may stop in the middle: what a script's host
// functions need to wait for an answer without holding the worker. Thread: one worker each, from
// start to end.

#include <boost/context/fiber.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "drivers/script/impl/sanitizer_notes.hpp"

namespace tykpp::drivers::script {

/// Stacks with a guard page below each, reused. Thread: one worker.
class StackPool {
 public:
  /// @param bytes  of a stack; untouched pages of it cost no memory
  explicit StackPool(std::size_t bytes = 256 * 1024) : bytes_(bytes) {}
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  // What boost::context::fiber asks of an allocator. @throws std::bad_alloc
  boost::context::stack_context allocate();
  void deallocate(boost::context::stack_context& stack) noexcept;
  /// Stacks that wait for their next use.
  std::size_t idle() const noexcept { return idle_.size(); }

 private:
  static constexpr std::size_t kMaxIdle = 64;
  std::size_t bytes_;
  std::vector<boost::context::stack_context> idle_;
};

/// One run of a function. It must have ended before the fiber is destroyed.
class Fiber {
 public:
  Fiber() = default;
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs `body` until it suspends or returns; no exception may leave it. @return whether it has
  /// returned
  bool start(StackPool& stacks, std::function<void()> body);
  /// Continues behind the suspend() it stopped in. @return whether the body has returned
  bool resume();
  bool running() const noexcept { return static_cast<bool>(inside_); }

  /// The fiber that this code runs on, or null.
  static Fiber* current() noexcept;
  /// Stops here until resume(). On this fiber alone.
  void suspend();

 private:
  /// What the C++ runtime keeps of exceptions per thread, kept per fiber: a switch inside a catch
  /// block must not mix them.
  struct ExceptionState {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  };
  static void exchangeExceptions(ExceptionState& state) noexcept;
  bool enter();
  boost::context::fiber inside_;   // where the body stopped
  boost::context::fiber outside_;  // who resumed it
  Fiber* outer_ = nullptr;
  ExceptionState exceptions_;
  SanitizerNotes notes_;
};

}  // namespace tykpp::drivers::script
