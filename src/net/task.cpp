#include "net/task.hpp"

#include <array>
#include <atomic>
#include <new>

#include "base/log.hpp"

namespace tykpp::net {
namespace {

constexpr std::size_t kStep = 128;
constexpr std::size_t kClasses = 32;  // frames up to 4 KiB are kept
constexpr std::size_t kKeptPerClass = 1024;

struct FreeFrame {
  FreeFrame* next;
};

struct Cache {
  struct List {
    FreeFrame* head = nullptr;
    std::size_t size = 0;
  };
  std::array<List, kClasses> lists;
  ~Cache() {
    for (List& list : lists) {
      while (list.head != nullptr) {
        FreeFrame* next = list.head->next;
        ::operator delete(list.head);
        list.head = next;
      }
      list.size = kKeptPerClass;  // frames that end after this thread's cache go to the allocator
    }
  }
};

thread_local Cache cache;
std::atomic<std::size_t> escaped{0};

constexpr std::size_t classOf(std::size_t bytes) { return (bytes + kStep - 1) / kStep - 1; }

}  // namespace

void* FramePool::allocate(std::size_t bytes) {
  const std::size_t index = classOf(bytes);
  if (index >= kClasses) return ::operator new(bytes);
  Cache::List& list = cache.lists[index];
  if (list.head == nullptr) return ::operator new((index + 1) * kStep);
  FreeFrame* frame = list.head;
  list.head = frame->next;
  --list.size;
  return frame;
}

void FramePool::release(void* frame, std::size_t bytes) noexcept {
  const std::size_t index = classOf(bytes);
  if (index >= kClasses || cache.lists[index].size >= kKeptPerClass) {
    ::operator delete(frame);
    return;
  }
  Cache::List& list = cache.lists[index];
  list.head = new (frame) FreeFrame{list.head};
  ++list.size;
}

void Detached::promise_type::unhandled_exception() const noexcept {
  escaped.fetch_add(1, std::memory_order_relaxed);
  try {
    throw;
  } catch (const std::exception& error) {
    TYKPP_LOG(err, "main", "an exception reached the root of a connection: {}", error.what());
  } catch (...) {
    TYKPP_LOG(err, "main", "an unknown exception reached the root of a connection");
  }
}

std::size_t escapedExceptions() noexcept { return escaped.load(std::memory_order_relaxed); }

}  // namespace tykpp::net
