#pragma once
// Small blocks of memory for one Lua state: a call makes and drops dozens of them, and taking one
// from a list costs a fraction of malloc. Thread: the state's.

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

namespace tykpp::drivers::lua {

/// Freed blocks stay in lists by size until the state ends; larger ones go to malloc.
class SmallBlocks {
 public:
  /// As the allocator of a Lua state: `before` is the size that the block was asked for with, 0
  /// frees.
  void* reallocate(void* block, std::size_t before, std::size_t after) noexcept {
    const std::size_t from = block == nullptr ? 0 : classOf(before);
    const std::size_t to = classOf(after);
    if (block != nullptr && from == to && from != 0) return block;
    if (from == 0 && to == 0) return std::realloc(block, after);
    void* const moved = to == 0 ? std::malloc(after) : take(to);
    if (moved == nullptr) return nullptr;
    if (block != nullptr) {
      std::memcpy(moved, block, before < after ? before : after);
      release(block, before);
    }
    return moved;
  }

  void release(void* block, std::size_t size) noexcept {
    const std::size_t list = block == nullptr ? 0 : classOf(size);
    if (list == 0) {
      std::free(block);
      return;
    }
    auto* free = static_cast<Free*>(block);
    free->next = lists_[list];
    lists_[list] = free;
  }

 private:
  struct Free {
    Free* next;
  };
  static constexpr std::size_t kStep = 16;
  static constexpr std::size_t kLargest = 256;
  static constexpr std::size_t kChunk = 8192;

  /// 0: not a small one.
  static constexpr std::size_t classOf(std::size_t size) noexcept {
#if defined(__SANITIZE_ADDRESS__)
    return size * 0;  // AddressSanitizer sees what malloc hands out
#else
    return size == 0 || size > kLargest ? 0 : (size + kStep - 1) / kStep;
#endif
  }

  void* take(std::size_t list) noexcept {
    Free*& first = lists_[list];
    if (first == nullptr && !refill(list)) return nullptr;
    Free* const block = first;
    first = block->next;
    return block;
  }

  /// Cuts a chunk into blocks of one size.
  bool refill(std::size_t list) noexcept {
    const std::size_t size = list * kStep;
    std::unique_ptr<std::byte, void (*)(void*)> chunk(static_cast<std::byte*>(std::malloc(kChunk)),
                                                      &std::free);
    if (chunk == nullptr) return false;
    try {
      chunks_.reserve(chunks_.size() + 1);
    } catch (const std::bad_alloc&) {  // no exception may cross the interpreter
      return false;
    }
    for (std::size_t at = 0; at + size <= kChunk; at += size) {
      auto* free = reinterpret_cast<Free*>(chunk.get() + at);
      free->next = lists_[list];
      lists_[list] = free;
    }
    chunks_.push_back(std::move(chunk));
    return true;
  }

  std::array<Free*, kLargest / kStep + 1> lists_{};
  std::vector<std::unique_ptr<std::byte, void (*)(void*)>> chunks_;
};

}  // namespace tykpp::drivers::lua
