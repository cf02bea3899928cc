#include "http/read_buffer.hpp"

#include <algorithm>
#include <new>

namespace tykpp::http {

std::size_t ReadBuffer::prepare(std::size_t limit) {
  if (size() >= limit) return 0;
  if (data_ == nullptr) {
    data_ = reinterpret_cast<char*>(pool_.take());
    capacity_ = BlockPool::kBlockBytes;
    begin_ = end_ = 0;
  } else if (empty()) {
    begin_ = end_ = 0;
  } else if (end_ == capacity_ && begin_ > 0) {
    std::memmove(data_, data_ + begin_, size());
    end_ -= begin_;
    begin_ = 0;
  } else if (end_ == capacity_) {
    grow(capacity_ * 2);
  }
  return std::min(capacity_ - end_, limit - size());
}

void ReadBuffer::assign(std::string_view bytes) {
  clear();
  if (bytes.empty()) return;
  if (data_ == nullptr) prepare(1);
  if (bytes.size() > capacity_) grow(bytes.size());
  std::memcpy(data_, bytes.data(), bytes.size());
  end_ = bytes.size();
}

void ReadBuffer::grow(std::size_t capacity) {
  auto* bigger = static_cast<char*>(::operator new(capacity));
  std::memcpy(bigger, data_ + begin_, size());
  const std::size_t held = size();
  drop();
  data_ = bigger;
  capacity_ = capacity;
  begin_ = 0;
  end_ = held;
}

void ReadBuffer::drop() noexcept {
  if (data_ == nullptr) return;
  if (capacity_ == BlockPool::kBlockBytes) {
    pool_.give(reinterpret_cast<std::byte*>(data_));
  } else {
    ::operator delete(data_);
  }
  data_ = nullptr;
  capacity_ = begin_ = end_ = 0;
}

}  // namespace tykpp::http
