#pragma once
// Tells sanitizers about changes of the stack; nothing without them. The calls of one fiber come in
// this order: create, [enter, begun | resumed, leave | end, left]…, destroy.

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#elif defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace tykpp::drivers::script {

class SanitizerNotes {
 public:
#if defined(__SANITIZE_ADDRESS__)
  void create(const void* lowest, std::size_t size) {
    stack_ = lowest;
    size_ = size;
  }
  void destroy() {}
  /// Right before the fiber runs, on the stack of whoever runs it.
  void enter() { __sanitizer_start_switch_fiber(&outer_fake_, stack_, size_); }
  /// Right after it has stopped, there.
  void left() { __sanitizer_finish_switch_fiber(outer_fake_, nullptr, nullptr); }
  /// First thing on the fiber's own stack.
  void begun() { __sanitizer_finish_switch_fiber(nullptr, &outer_stack_, &outer_size_); }
  /// Right before it stops, and right after it goes on, on its own stack.
  void leave() { __sanitizer_start_switch_fiber(&own_fake_, outer_stack_, outer_size_); }
  void resumed() { __sanitizer_finish_switch_fiber(own_fake_, &outer_stack_, &outer_size_); }
  /// Last thing on its own stack.
  void end() { __sanitizer_start_switch_fiber(nullptr, outer_stack_, outer_size_); }

 private:
  const void* stack_ = nullptr;
  std::size_t size_ = 0;
  const void* outer_stack_ = nullptr;
  std::size_t outer_size_ = 0;
  void* outer_fake_ = nullptr;
  void* own_fake_ = nullptr;
#elif defined(__SANITIZE_THREAD__)
  void create(const void* /*lowest*/, std::size_t /*size*/) { fiber_ = __tsan_create_fiber(0); }
  void destroy() { __tsan_destroy_fiber(fiber_); }
  void enter() {
    outer_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fiber_, 0);
  }
  void left() {}
  void begun() {}
  void leave() { __tsan_switch_to_fiber(outer_, 0); }
  void resumed() {}
  void end() { __tsan_switch_to_fiber(outer_, 0); }

 private:
  void* fiber_ = nullptr;
  void* outer_ = nullptr;
#else
  void create(const void* /*lowest*/, std::size_t /*size*/) {}
  void destroy() {}
  void enter() {}
  void left() {}
  void begun() {}
  void leave() {}
  void resumed() {}
  void end() {}
#endif
};

}  // namespace tykpp::drivers::script
