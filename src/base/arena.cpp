#include "base/arena.hpp"

#include <cstdlib>
#include <new>

namespace tykpp {

BlockPool::~BlockPool() {
  for (std::byte* block : free_) ::operator delete(block);
}

std::byte* BlockPool::take() {
  if (free_.empty()) return static_cast<std::byte*>(::operator new(kBlockBytes));
  std::byte* block = free_.back();
  free_.pop_back();
  return block;
}

void BlockPool::give(std::byte* block) noexcept {
  if (free_.size() < keep_) {
    try {
      free_.push_back(block);
      return;
    } catch (const std::bad_alloc&) {  // no room to remember it: let it go
    }
  }
  ::operator delete(block);
}

void* Arena::do_allocate(std::size_t bytes, std::size_t alignment) {
  auto aligned = [alignment](std::byte* p) {
    const auto value = reinterpret_cast<std::uintptr_t>(p);
    return reinterpret_cast<std::byte*>((value + alignment - 1) & ~(alignment - 1));
  };
  std::byte* start = aligned(at_);
  if (at_ != nullptr && start + bytes <= end_) {
    at_ = start + bytes;
    return start;
  }
  constexpr std::size_t kHead = alignof(std::max_align_t);
  if (bytes + alignment + kHead > BlockPool::kBlockBytes / 2) {
    auto* piece = static_cast<std::byte*>(::operator new(kHead + alignment + bytes));
    large_ = new (piece) Large{large_};
    return aligned(piece + kHead);
  }
  std::byte* block = pool_.take();
  blocks_ = new (block) Block{blocks_};
  end_ = block + BlockPool::kBlockBytes;
  start = aligned(block + kHead);
  at_ = start + bytes;
  return start;
}

void Arena::reset() noexcept {
  while (blocks_ != nullptr) {
    Block* next = blocks_->next;
    pool_.give(reinterpret_cast<std::byte*>(blocks_));
    blocks_ = next;
  }
  while (large_ != nullptr) {
    Large* next = large_->next;
    ::operator delete(large_);
    large_ = next;
  }
  at_ = end_ = nullptr;
}

}  // namespace tykpp
