#include "drivers/native/impl/pending_table.hpp"

#include <mutex>
#include <unordered_map>
#include <utility>

#include "drivers/native/impl/call_host.hpp"

namespace tykpp::drivers::native {
namespace {

struct Table {
  std::mutex mutex;
  std::uint64_t next = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<tykpp_call_host>> calls;
};

Table& table() {
  static Table* const all =
      new Table;  // plugins' threads may complete calls while the process ends
  return *all;
}

}  // namespace

std::uint64_t keepPending(std::shared_ptr<tykpp_call_host> call, std::size_t limit) {
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  if (all.calls.size() >= limit) return 0;
  const std::uint64_t ticket = all.next++;
  all.calls.emplace(ticket, std::move(call));
  return ticket;
}

std::shared_ptr<tykpp_call_host> takePending(std::uint64_t ticket) {
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  const auto found = all.calls.find(ticket);
  if (found == all.calls.end()) return nullptr;
  std::shared_ptr<tykpp_call_host> call = std::move(found->second);
  all.calls.erase(found);
  return call;
}

std::size_t pendingCalls() {
  Table& all = table();
  const std::lock_guard lock(all.mutex);
  return all.calls.size();
}

}  // namespace tykpp::drivers::native
