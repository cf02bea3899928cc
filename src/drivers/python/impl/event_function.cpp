#include "drivers/python/impl/event_function.hpp"

#include "base/log.hpp"
#include "drivers/python/impl/pool.hpp"

namespace tykpp::drivers::python {

void EventLine::add(std::shared_ptr<const Handler> handler, std::string payload,
                    std::shared_ptr<void> ticket) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMaxWaiting) {
      TYKPP_LOG(warn, "python", "too many events wait for Python; one is dropped handler={}",
                log::quoted(handler->label));
      return;
    }
    waiting_.push_back({std::move(handler), std::move(payload), std::move(ticket)});
    if (busy_) return;
    busy_ = true;
  }
  next();
}

/// Only one thread at a time gets here: whoever made or found the line busy.
void EventLine::next() {
  while (true) {
    Waiting event;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        busy_ = false;
        return;
      }
      event = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (submit(std::move(event))) return;  // its end comes back here
  }
}

bool EventLine::submit(Waiting event) {
  auto call = std::make_shared<Call>();
  call->handler = event.handler;
  call->event = std::move(event.payload);
  call->deadline = Clock::now() + timeout_;
  call->ended = [self = shared_from_this(), ticket = std::move(event.ticket)] { self->next(); };
  if (pool_.submit(std::move(call))) return true;
  TYKPP_LOG(warn, "python", "too many calls wait for Python; an event is dropped handler={}",
            log::quoted(event.handler->label));
  return false;
}

}  // namespace tykpp::drivers::python
