#pragma once
// Several tasks at once, awaited together.

#include <coroutine>
#include <memory>
#include <utility>
#include <vector>

#include "net/task.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::storage {

/// add() starts a task; `co_await gather` yields all results in the order of add(), once. Tasks go
/// on when the gather is destroyed first. Thread: one loop's.
template <class T>
class Gather {
 public:
  Gather() = default;
  Gather(const Gather&) = delete;
  Gather& operator=(const Gather&) = delete;
  ~Gather() { state_->caller = nullptr; }

  void add(StoreTask<T> task) {
    const std::size_t place = state_->results.size();
    state_->results.push_back(Error(Errc::kInternal, "no result"));
    ++state_->waiting;
    run(state_, std::move(task), place);
  }
  bool await_ready() const noexcept { return state_->waiting == 0; }
  void await_suspend(std::coroutine_handle<> caller) noexcept { state_->caller = caller; }
  std::vector<Result<T>> await_resume() { return std::move(state_->results); }

 private:
  struct State {
    std::vector<Result<T>> results;
    std::size_t waiting = 0;
    std::coroutine_handle<> caller = nullptr;
  };
  static net::Detached run(std::shared_ptr<State> state, StoreTask<T> task, std::size_t place) {
    Result<T> result = co_await task;
    state->results[place] = std::move(result);
    if (--state->waiting > 0) co_return;
    if (const auto caller = std::exchange(state->caller, nullptr)) caller.resume();
  }
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace tykpp::storage
