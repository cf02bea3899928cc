#pragma once
// Memory of one request: header fields, rendered values, hook data. Filled front to back, released
// in one call.

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace tykpp {

/// Recycles 16 KiB blocks within one worker. Thread: its worker.
class BlockPool {
 public:
  static constexpr std::size_t kBlockBytes = 16 * 1024;
  /// @param keep  at most this many free blocks are held; more go back to the allocator
  explicit BlockPool(std::size_t keep = 256) : keep_(keep) {}
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  std::byte* take();
  void give(std::byte* block) noexcept;

 private:
  std::vector<std::byte*> free_;
  std::size_t keep_;
};

/// Monotonic allocator over pooled blocks. Thread: one worker. Every view into it dies with
/// reset().
class Arena final : public std::pmr::memory_resource {
 public:
  explicit Arena(BlockPool& pool) : pool_(pool) {}
  ~Arena() override { reset(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Copies text; the view lives until reset().
  std::string_view copy(std::string_view text) { return concat(text); }
  /// Joins the parts into one piece of memory.
  template <class... Parts>
  std::string_view concat(const Parts&... parts) {
    const std::size_t size = (std::string_view(parts).size() + ... + 0);
    if (size == 0) return {};
    char* out = static_cast<char*>(allocate(size, 1));
    char* at = out;
    ((at = append(at, parts)), ...);
    return {out, size};
  }
  /// Gives every block back.
  void reset() noexcept;

 private:
  static char* append(char* at, std::string_view part) {
    part.copy(at, part.size());
    return at + part.size();
  }
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  struct Large {
    Large* next;
  };
  struct Block {
    Block* next;
  };
  BlockPool& pool_;
  Block* blocks_ = nullptr;
  Large* large_ = nullptr;  // single pieces too big for a block
  std::byte* at_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace tykpp
