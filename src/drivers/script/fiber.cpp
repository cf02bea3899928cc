#include "drivers/script/fiber.hpp"

#include <cxxabi.h>

#include <boost/context/protected_fixedsize_stack.hpp>
#include <cassert>
#include <utility>

namespace tykpp::drivers::script {
namespace {

thread_local Fiber* running_fiber = nullptr;

/// The pool as boost::context takes allocators: by value.
struct PooledStacks {
  StackPool* pool;
  SanitizerNotes* notes;
  boost::context::stack_context allocate() {
    const boost::context::stack_context stack = pool->allocate();
    notes->create(static_cast<const char*>(stack.sp) - stack.size, stack.size);
    return stack;
  }
  void deallocate(boost::context::stack_context& stack) noexcept { pool->deallocate(stack); }
};

}  // namespace

StackPool::~StackPool() {
  boost::context::protected_fixedsize_stack system(bytes_);
  for (boost::context::stack_context& stack : idle_) system.deallocate(stack);
}

boost::context::stack_context StackPool::allocate() {
  if (idle_.empty()) return boost::context::protected_fixedsize_stack(bytes_).allocate();
  const boost::context::stack_context stack = idle_.back();
  idle_.pop_back();
  return stack;
}

void StackPool::deallocate(boost::context::stack_context& stack) noexcept {
  if (idle_.size() < kMaxIdle) {
    try {
      idle_.push_back(stack);
      return;
    } catch (...) {  // no memory for the list: the stack goes back to the system
    }
  }
  boost::context::protected_fixedsize_stack(bytes_).deallocate(stack);
}

Fiber::~Fiber() { assert(!inside_ && "a fiber is destroyed before its body ended"); }

Fiber* Fiber::current() noexcept { return running_fiber; }

bool Fiber::start(StackPool& stacks, std::function<void()> body) {
  inside_ = boost::context::fiber(std::allocator_arg, PooledStacks{&stacks, &notes_},
                                  [this, body = std::move(body)](boost::context::fiber&& outside) {
                                    notes_.begun();
                                    outside_ = std::move(outside);
                                    body();
                                    notes_.end();
                                    return std::move(outside_);
                                  });
  return enter();
}

bool Fiber::resume() { return enter(); }

void Fiber::exchangeExceptions(ExceptionState& state) noexcept {
  // The first two members of __cxa_eh_globals, fixed by the Itanium C++ ABI (section 2.2.2).
  auto* globals = reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
  std::swap(*globals, state);
}

bool Fiber::enter() {
  outer_ = std::exchange(running_fiber, this);
  exchangeExceptions(exceptions_);
  notes_.enter();
  boost::context::fiber inside = std::move(inside_).resume();
  notes_.left();
  exchangeExceptions(exceptions_);
  running_fiber = outer_;
  inside_ = std::move(inside);
  if (!inside_) notes_.destroy();
  return !inside_;
}

void Fiber::suspend() {
  assert(running_fiber == this);
  notes_.leave();
  outside_ = std::move(outside_).resume();
  notes_.resumed();
}

}  // namespace tykpp::drivers::script
