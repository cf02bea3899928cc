#pragma once
#include <cstring>
#include <string_view>
#include <utility>

#include "base/arena.hpp"

namespace tykpp::http {

/// Bytes read from a connection and not yet used. Holds no memory while empty and released, so that
/// an idle connection costs none. Views into it die with the next grow(), compact() or release().
/// Thread: its worker.
class ReadBuffer {
 public:
  explicit ReadBuffer(BlockPool& pool) noexcept : pool_(pool) {}
  ~ReadBuffer() { drop(); }
  ReadBuffer(const ReadBuffer&) = delete;
  ReadBuffer& operator=(const ReadBuffer&) = delete;

  bool empty() const noexcept { return begin_ == end_; }
  std::size_t size() const noexcept { return end_ - begin_; }
  std::string_view view() const noexcept { return {data_ + begin_, size()}; }
  char* data() noexcept { return data_ + begin_; }
  void consume(std::size_t bytes) noexcept { begin_ += bytes; }

  /// Room behind the bytes, at least one byte: takes a block, moves the bytes to the front, or
  /// doubles the memory.
  /// @return the size of the room, 0 when `limit` bytes are held already
  std::size_t prepare(std::size_t limit);
  char* room() noexcept { return data_ + end_; }
  void commit(std::size_t bytes) noexcept { end_ += bytes; }
  /// Replaces what is held by a copy of `bytes` (which may not point into this buffer).
  void assign(std::string_view bytes);
  /// Gives the memory back when nothing is held.
  void release() noexcept {
    if (empty()) drop();
  }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Exchanges memory and contents; both must belong to one pool.
  void swap(ReadBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

 private:
  void drop() noexcept;
  void grow(std::size_t capacity);
  BlockPool& pool_;
  char* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace tykpp::http
