#pragma once
// Memory of one JavaScript heap in one piece: the blocks and what the allocator knows about them.
// Copying the first used() bytes away and back brings the heap to that earlier state, at the same
// addresses. Thread: one at a time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tykpp::drivers::js {

class HeapArena {
 public:
  /// Reserves address space; pages that were never used cost no memory.
  /// @param limit  bytes that may be used
  /// @throws std::bad_alloc
  explicit HeapArena(std::size_t limit);
  ~HeapArena();
  HeapArena(const HeapArena&) = delete;
  HeapArena& operator=(const HeapArena&) = delete;

  /// 8-byte aligned, null when the limit is reached.
  void* allocate(std::size_t bytes) noexcept;
  /// As realloc(); the old block stays when there is no room for the new one.
  void* reallocate(void* old, std::size_t bytes) noexcept;
  void release(void* block) noexcept;

  /// Forgets every block.
  void clear() noexcept;
  std::byte* base() const noexcept { return base_; }
  /// Bytes from base() that are in use, with the holes between them.
  std::size_t used() const noexcept;
  /// The same at its highest since clear() or trim().
  std::size_t peak() const noexcept;
  /// Gives pages behind `keep` bytes back to the system.
  void trim(std::size_t keep) noexcept;

 private:
  /// In front of each block. Sizes count in bytes, with this header.
  struct Header {
    std::uint32_t size;
    std::uint32_t flags;
  };
  struct Free {  // what the memory of a free block holds
    Free* next;
    Free* previous;  // large blocks alone
  };
  static constexpr std::uint32_t kFree = 1;  // large, and in a list
  static constexpr std::uint32_t kFrontFree =
      2;  // the block in front is kFree; its size stands right before this
  static constexpr std::uint32_t kSmall = 4;  // of a size class: never joined with neighbours
  static constexpr std::size_t kSmallMax = 512;
  static constexpr std::size_t kLargeMin = kSmallMax + 16;
  static constexpr std::size_t kBins = 80;

  /// At base(), so that it is copied with the blocks.
  struct State {
    std::byte* top;
    std::byte* end;
    std::byte* peak;
    std::array<Free*, kSmallMax / 16 + 1> small;
    std::array<Free*, kBins> large;
  };
  State& state() const noexcept { return *reinterpret_cast<State*>(base_); }
  static Header* headerOf(void* block) noexcept { return static_cast<Header*>(block) - 1; }
  static std::size_t binOf(std::size_t size) noexcept;
  Header* next(Header* header) const noexcept;
  void* carve(std::size_t size, std::uint32_t flags) noexcept;
  void* takeLarge(std::size_t size) noexcept;
  void putLarge(Header* header) noexcept;
  void unlink(Header* header) noexcept;
  void releaseLarge(Header* header) noexcept;
  void setTop(std::byte* top) noexcept;
  bool grow(Header* header, std::size_t size) noexcept;
  void split(Header* header, std::size_t size) noexcept;

  std::size_t limit_;
  std::byte* base_;
};

}  // namespace tykpp::drivers::js
