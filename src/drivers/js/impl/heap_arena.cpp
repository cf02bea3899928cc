#include "drivers/js/impl/heap_arena.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <new>

namespace tykpp::drivers::js {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;  // block sizes are 32 bits

constexpr std::size_t roundUp(std::size_t bytes, std::size_t to) noexcept {
  return (bytes + to - 1) / to * to;
}

}  // namespace

HeapArena::HeapArena(std::size_t limit)
    : limit_(roundUp(std::min(std::max(limit, std::size_t{1} << 18), kMaxBytes), 4096)) {
  void* memory = ::mmap(nullptr, limit_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<std::byte*>(memory);
  clear();
}

HeapArena::~HeapArena() { ::munmap(base_, limit_); }

void HeapArena::clear() noexcept {
  State& s = state();
  std::memset(&s, 0, sizeof s);
  s.top = base_ + roundUp(sizeof(State), 16) + 8;  // headers stand 8 off, blocks at multiples of 16
  s.end = base_ + limit_;
  s.peak = s.top;
}

std::size_t HeapArena::used() const noexcept {
  return static_cast<std::size_t>(state().top - base_);
}

std::size_t HeapArena::peak() const noexcept {
  return static_cast<std::size_t>(state().peak - base_);
}

void HeapArena::trim(std::size_t keep) noexcept {
  const std::size_t from = roundUp(keep, 4096);
  const std::size_t to = roundUp(peak(), 4096);
  if (to > from) ::madvise(base_ + from, std::min(to, limit_) - from, MADV_DONTNEED);
  state().peak = state().top;
}

HeapArena::Header* HeapArena::next(Header* header) const noexcept {
  auto* after = reinterpret_cast<std::byte*>(header) + header->size;
  return after < state().top ? reinterpret_cast<Header*>(after) : nullptr;
}

void HeapArena::setTop(std::byte* top) noexcept {
  State& s = state();
  s.top = top;
  if (top > s.peak) s.peak = top;
}

/// Four bins a doubling, from 512 bytes on.
std::size_t HeapArena::binOf(std::size_t size) noexcept {
  const auto log = static_cast<std::size_t>(std::bit_width(size)) - 1;
  const std::size_t bin = (log - 9) * 4 + ((size >> (log - 2)) & 3);
  return std::min(bin, kBins - 1);
}

void* HeapArena::carve(std::size_t size, std::uint32_t flags) noexcept {
  State& s = state();
  if (static_cast<std::size_t>(s.end - s.top) < size) return nullptr;
  auto* header = reinterpret_cast<Header*>(s.top);
  header->size = static_cast<std::uint32_t>(size);
  header->flags = flags;
  setTop(s.top + size);
  return header + 1;
}

void HeapArena::putLarge(Header* header) noexcept {
  Header* after = next(header);
  header->flags |= kFree;
  after->flags |= kFrontFree;
  std::memcpy(reinterpret_cast<std::byte*>(after) - sizeof header->size, &header->size,
              sizeof header->size);
  Free*& first = state().large[binOf(header->size)];
  auto* own = reinterpret_cast<Free*>(header + 1);
  own->next = first;
  own->previous = nullptr;
  if (first != nullptr) first->previous = own;
  first = own;
}

void HeapArena::unlink(Header* header) noexcept {
  auto* own = reinterpret_cast<Free*>(header + 1);
  if (own->next != nullptr) own->next->previous = own->previous;
  (own->previous != nullptr ? own->previous->next : state().large[binOf(header->size)]) = own->next;
  header->flags &= ~kFree;
  if (Header* after = next(header); after != nullptr) after->flags &= ~kFrontFree;
}

/// Cuts a used large block down to `size` when the rest is worth a block.
void HeapArena::split(Header* header, std::size_t size) noexcept {
  if (header->size < size + kLargeMin) return;
  auto* rest = reinterpret_cast<Header*>(reinterpret_cast<std::byte*>(header) + size);
  rest->size = header->size - static_cast<std::uint32_t>(size);
  rest->flags = 0;
  header->size = static_cast<std::uint32_t>(size);
  releaseLarge(rest);
}

void* HeapArena::takeLarge(std::size_t size) noexcept {
  State& s = state();
  for (std::size_t bin = binOf(size); bin < kBins; ++bin) {
    for (Free* block = s.large[bin]; block != nullptr; block = block->next) {
      Header* header = headerOf(block);
      if (header->size < size) continue;  // of the first bin alone
      unlink(header);
      split(header, size);
      return block;
    }
  }
  return nullptr;
}

void HeapArena::releaseLarge(Header* header) noexcept {
  if (Header* after = next(header); after != nullptr && (after->flags & kFree) != 0) {
    unlink(after);
    header->size += after->size;
  }
  if ((header->flags & kFrontFree) != 0) {
    std::uint32_t size = 0;
    std::memcpy(&size, reinterpret_cast<std::byte*>(header) - sizeof size, sizeof size);
    auto* front = reinterpret_cast<Header*>(reinterpret_cast<std::byte*>(header) - size);
    unlink(front);
    front->size += header->size;
    header = front;
  }
  if (next(header) == nullptr) {
    setTop(reinterpret_cast<std::byte*>(header));
  } else {
    putLarge(header);
  }
}

void* HeapArena::allocate(std::size_t bytes) noexcept {
  if (bytes == 0 || bytes > limit_) return nullptr;
  const std::size_t size = roundUp(bytes + sizeof(Header), 16);
  if (size > kSmallMax) {
    void* found = takeLarge(size < kLargeMin ? kLargeMin : size);
    return found != nullptr ? found : carve(size < kLargeMin ? kLargeMin : size, 0);
  }
  Free*& first = state().small[size / 16];
  if (first != nullptr) {
    Free* block = first;
    first = block->next;
    return block;
  }
  void* carved = carve(size, kSmall);
  return carved != nullptr ? carved : takeLarge(kLargeMin);
}

void HeapArena::release(void* block) noexcept {
  if (block == nullptr) return;
  Header* header = headerOf(block);
  if ((header->flags & kSmall) == 0) {
    releaseLarge(header);
    return;
  }
  Free*& first = state().small[header->size / 16];
  auto* own = static_cast<Free*>(block);
  own->next = first;
  first = own;
}

/// Makes a large block bigger where it stands.
bool HeapArena::grow(Header* header, std::size_t size) noexcept {
  State& s = state();
  auto* start = reinterpret_cast<std::byte*>(header);
  Header* after = next(header);
  if (after != nullptr && (after->flags & kFree) != 0 && header->size + after->size >= size) {
    unlink(after);
    header->size += after->size;
    split(header, size);
    return true;
  }
  if (after != nullptr || static_cast<std::size_t>(s.end - start) < size) return false;
  header->size = static_cast<std::uint32_t>(size);
  setTop(start + size);
  return true;
}

void* HeapArena::reallocate(void* old, std::size_t bytes) noexcept {
  if (old == nullptr) return allocate(bytes);
  if (bytes == 0) {
    release(old);
    return nullptr;
  }
  if (bytes > limit_) return nullptr;
  Header* header = headerOf(old);
  const std::size_t size = roundUp(bytes + sizeof(Header), 16);
  const bool large = (header->flags & kSmall) == 0;
  if (size <= header->size) {
    if (large && size >= kLargeMin) split(header, size);
    return old;
  }
  if (large && grow(header, size)) return old;
  void* moved = allocate(bytes);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, old, header->size - sizeof(Header));
  release(old);
  return moved;
}

}  // namespace tykpp::drivers::js
