#include "http/client_watch.hpp"

#include <array>
#include <cstdint>

namespace tykpp::http {
namespace {

/// Lists by address: thousands of hooks may wait when thousands of clients leave.
constexpr std::size_t kLists = 256;

ClientWatch*& listOf(const Exchange& exchange) noexcept {
  static thread_local std::array<ClientWatch*, kLists> lists{};
  const auto address = reinterpret_cast<std::uintptr_t>(&exchange);
  return lists[(address >> 6 ^ address >> 14) % kLists];
}

}  // namespace

ClientWatch::ClientWatch(const Exchange& exchange, void (*onLeft)(void*), void* owner) noexcept
    : exchange_(exchange),
      on_left_(onLeft),
      owner_(owner),
      link_(&listOf(exchange)),
      next_(*link_) {
  if (next_ != nullptr) next_->link_ = &next_;
  *link_ = this;
}

ClientWatch::~ClientWatch() {
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
}

void ClientWatch::tell(const Exchange& exchange) noexcept {
  for (ClientWatch* watch = listOf(exchange); watch != nullptr; watch = watch->next_) {
    if (&watch->exchange_ != &exchange) continue;
    watch->left_ = true;
    watch->on_left_(watch->owner_);
  }
}

}  // namespace tykpp::http
