#pragma once
// Where one thread runs JavaScript: an arena, and images of heaps to put into it. A call runs on an
// exact copy of the heap as it was when its API had been loaded, so nothing that a script changes
// outlives the call. A call that waits leaves its heap where it is; whoever wants the arena first
// copies it away. Every image of a runtime was made in its arena: addresses never change.

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "drivers/js/impl/heap_arena.hpp"
#include "drivers/js/impl/run.hpp"
#include "drivers/script/fiber.hpp"

struct duk_hthread;

namespace tykpp::drivers::js {

/// A heap as it was at some time: the parts that it shares with an earlier image, and its own. Most
/// of an API's heap is what all APIs begin with. May be destroyed on any thread.
struct Image {
  struct Part {
    std::size_t at;  ///< offset in the arena
    std::size_t size;
    const std::byte* from;
  };
  std::vector<Part> parts;  ///< one behind the other, from the arena's start on
  std::unique_ptr<std::byte[]> own;
  std::shared_ptr<const Image> earlier;
  std::size_t size = 0;
  std::size_t own_bytes = 0;
  duk_hthread* engine = nullptr;  ///< within the arena
};

/// Thread: one.
class Runtime {
 public:
  explicit Runtime(std::size_t memory_limit) : arena_(memory_limit), stacks_(kFiberStackBytes) {}

  HeapArena& arena() noexcept { return arena_; }
  script::StackPool& stacks() noexcept { return stacks_; }

  /// The arena becomes this run's, empty.
  void enter(Run& run);
  /// The arena becomes this run's, with a copy of that heap.
  void enter(Run& run, const Image& image);
  /// After a wait: what the run had in the arena is there again.
  void comeBack(Run& run);
  /// The run has ended.
  void leave(Run& run) noexcept;
  /// A copy of the heap that is in the arena.
  /// @param earlier  what the heap was before, or null
  Image capture(duk_hthread* engine, std::shared_ptr<const Image> earlier) const;

  /// Heaps that hold what all APIs begin with, made of that foundation; see program.cpp.
  std::shared_ptr<const void> base_of;
  std::shared_ptr<const Image> base;
  std::shared_ptr<const Image> base_with_underscore;

 private:
  void makeRoom();
  HeapArena arena_;
  script::StackPool stacks_;
  Run* resident_ = nullptr;  // whose heap is in the arena and still needed
};

/// The runtimes of the workers. Thread: any.
class Runtimes {
 public:
  explicit Runtimes(std::size_t memory_limit) : memory_limit_(memory_limit) {}
  /// That worker's; made when it is first asked for.
  std::shared_ptr<Runtime> of(std::uint32_t worker);
  std::size_t memoryLimit() const noexcept { return memory_limit_; }

 private:
  std::size_t memory_limit_;
  std::mutex mutex_;
  std::unordered_map<std::uint32_t, std::shared_ptr<Runtime>> by_worker_;
};

}  // namespace tykpp::drivers::js
