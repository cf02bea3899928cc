#pragma once
// From where events happen to those who handle them: one bounded queue and one thread beside the
// workers. What enters are events that somebody handles (emitter.hpp drops the others at the cost
// of one branch); what leaves are calls of handlers, which hand on what takes time.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "events/event.hpp"

namespace tykpp::events {

/// Held for as long as an event is under way; bounds and shutdown count tickets.
using Ticket = std::shared_ptr<void>;

/// Does something about events. Thread: the bus's; it must not block. `event` lives as long as the
/// call.
class Handler {
 public:
  virtual ~Handler() = default;
  /// @param ticket  kept until everything is done
  virtual void handle(const Event& event, Ticket ticket) = 0;
};

/// Who handles what. Immutable once the bus has it.
class HandlerTable {
 public:
  /// @param api_id  empty: an event of the gateway's
  void add(const std::string& api_id, const std::string& event, std::shared_ptr<Handler> handler) {
    handlers_[{api_id, event}].push_back(std::move(handler));
  }
  /// Empty when nobody does.
  const std::vector<std::shared_ptr<Handler>>& find(const Event& event) const;
  bool empty() const noexcept { return handlers_.empty(); }

 private:
  std::map<std::pair<std::string, std::string>, std::vector<std::shared_ptr<Handler>>> handlers_;
};

struct BusLimits {
  std::size_t events = 8192;      ///< under way, handlers' work included
  std::size_t api_events = 1024;  ///< of them, of one API
  std::size_t bytes = 64U << 20;  ///< that they keep
};

struct BusCounts {
  std::uint64_t fired = 0;
  std::uint64_t dropped = 0;  ///< because too many were under way
  std::uint64_t unheard = 0;  ///< their API's handlers were gone
};

/// How many events of one source are under way.
using SourceLoad = std::shared_ptr<std::atomic<std::size_t>>;

/// Thread: any, unless said otherwise.
class Bus {
 public:
  explicit Bus(BusLimits limits = {});
  /// Waits for the call that is under way; what waits is dropped.
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// Takes an event, or drops it with a count and a log line when too many are under way.
  void post(Event event, const SourceLoad& source);
  /// Events posted from now on go to these handlers, those before to the earlier ones. Thread:
  /// main.
  void use(std::shared_ptr<const HandlerTable> table);
  /// Events under way: waiting, or in the hands of handlers.
  std::size_t pending() const noexcept;
  BusCounts counts() const noexcept;
  /// Ends the thread; later events are dropped.
  void stop();

 private:
  struct Load;  // outlives the bus with the tickets
  struct Waiting {
    Event event;
    Ticket ticket;
  };
  using Item = std::variant<Waiting, std::shared_ptr<const HandlerTable>>;
  bool push(Item item);
  void work();
  void deliver(const Waiting& waiting);
  void drop(const Event& event);

  const BusLimits limits_;
  const std::shared_ptr<Load> load_;
  std::atomic<std::uint64_t> fired_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> unheard_{0};
  std::atomic<std::int64_t> last_complaint_{0};  // steady seconds

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  bool stopping_ = false;
  std::thread thread_;  // started by the first handlers, not on a worker
  std::shared_ptr<const HandlerTable> table_ = std::make_shared<HandlerTable>();  // the thread's
};

}  // namespace tykpp::events
