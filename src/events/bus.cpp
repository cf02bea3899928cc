#include "events/bus.hpp"

#include <pthread.h>

#include <exception>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace tykpp::events {

struct Bus::Load {
  std::atomic<std::size_t> events{0};
  std::atomic<std::size_t> bytes{0};
};

namespace {

/// Takes `amount` unless that is more than `limit` allows.
bool reserve(std::atomic<std::size_t>& used, std::size_t amount, std::size_t limit) {
  if (used.fetch_add(amount, std::memory_order_relaxed) + amount <= limit) return true;
  used.fetch_sub(amount, std::memory_order_relaxed);
  return false;
}

}  // namespace

const std::vector<std::shared_ptr<Handler>>& HandlerTable::find(const Event& event) const {
  static const std::vector<std::shared_ptr<Handler>> kNobody;
  const auto found = handlers_.find({event.api_id, event.name});
  return found == handlers_.end() ? kNobody : found->second;
}

Bus::Bus(BusLimits limits) : limits_(limits), load_(std::make_shared<Load>()) {}

Bus::~Bus() { stop(); }

void Bus::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  std::deque<Item> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(queue_);
  }
  table_.reset();
}

void Bus::post(Event event, const SourceLoad& source) {
  const std::size_t bytes = event.bytes();
  if (!reserve(*source, 1, limits_.api_events)) return drop(event);
  if (!reserve(load_->events, 1, limits_.events)) {
    source->fetch_sub(1, std::memory_order_relaxed);
    return drop(event);
  }
  // The bytes are counted in any case: the ticket gives them back.
  const bool fits =
      load_->bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limits_.bytes;
  Ticket ticket(nullptr, [load = load_, source, bytes](void*) {
    source->fetch_sub(1, std::memory_order_relaxed);
    load->bytes.fetch_sub(bytes, std::memory_order_relaxed);
    load->events.fetch_sub(1, std::memory_order_release);
  });
  if (!fits) return drop(event);
  fired_.fetch_add(1, std::memory_order_relaxed);
  if (!push(Waiting{std::move(event), std::move(ticket)})) {
    unheard_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Bus::use(std::shared_ptr<const HandlerTable> table) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || (table->empty() && !thread_.joinable())) return;
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  }
  push(std::move(table));
}

bool Bus::push(Item item) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || !thread_.joinable()) return false;
  queue_.push_back(std::move(item));
  wake_.notify_one();
  return true;
}

void Bus::drop(const Event& event) {
  const std::uint64_t count = dropped_.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(Clock::now().time_since_epoch()).count();
  // At most one line a second: a flood of events must not become one of lines.
  if (last_complaint_.exchange(now, std::memory_order_relaxed) == now) return;
  TYKPP_LOG(err, "events",
            "too many events are under way, one is dropped event={} api_id={} dropped={}",
            log::quoted(event.name), log::quoted(event.api_id), count);
}

std::size_t Bus::pending() const noexcept { return load_->events.load(std::memory_order_acquire); }

BusCounts Bus::counts() const noexcept {
  return {fired_.load(std::memory_order_relaxed), dropped_.load(std::memory_order_relaxed),
          unheard_.load(std::memory_order_relaxed)};
}

void Bus::work() {
  ::pthread_setname_np(::pthread_self(), "tykpp-events");
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    Item item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    if (auto* waiting = std::get_if<Waiting>(&item)) {
      deliver(*waiting);
      item = std::shared_ptr<const HandlerTable>();  // lets the ticket go without the lock
    } else {
      table_ = std::move(std::get<std::shared_ptr<const HandlerTable>>(item));
    }
    lock.lock();
  }
}

void Bus::deliver(const Waiting& waiting) {
  const auto& handlers = table_->find(waiting.event);
  if (handlers.empty()) unheard_.fetch_add(1, std::memory_order_relaxed);
  for (const auto& handler : handlers) {
    try {
      handler->handle(waiting.event, waiting.ticket);
    } catch (const std::exception& error) {
      // The root of this thread: one handler's bug is not the others'.
      TYKPP_LOG(err, "events", "a handler failed event={} api_id={} error={}",
                log::quoted(waiting.event.name), log::quoted(waiting.event.api_id),
                log::quoted(error.what()));
    }
  }
}

}  // namespace tykpp::events
