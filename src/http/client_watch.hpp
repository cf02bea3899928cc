#pragma once
// Tells a step that waits for something else than the client's socket that the client has left.
// Most steps never wait, so an exchange keeps no room for it: watches stand in a table of their
// thread.

#include "http/exchange.hpp"

namespace tykpp::http {

/// Made when the wait begins, destroyed when it ends. Thread: the exchange's worker, all of it.
class ClientWatch {
 public:
  /// @param onLeft  called when the client leaves (or half-closes), in the middle of the loop's
  /// work and maybe more than once: it must resume nobody and end no watch
  ClientWatch(const Exchange& exchange, void (*onLeft)(void* owner), void* owner) noexcept;
  ClientWatch(const ClientWatch&) = delete;
  ClientWatch& operator=(const ClientWatch&) = delete;
  ~ClientWatch();
  /// Whether it was called.
  bool left() const noexcept { return left_; }

  /// The client of an exchange has left while nobody read from it: calls who watches it.
  static void tell(const Exchange& exchange) noexcept;

 private:
  const Exchange& exchange_;
  void (*const on_left_)(void*);
  void* const owner_;
  bool left_ = false;
  ClientWatch** link_;  // what points here
  ClientWatch* next_;
};

}  // namespace tykpp::http
