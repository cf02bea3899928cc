#include "drivers/js/impl/blocking_fetch.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace tykpp::drivers::js {
namespace {

/// The answers of several calls. They may come when nobody waits any more.
struct Answers {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Result<FetchResponse>> list;
  std::size_t left = 0;
};

/// Held by one call's callback: goes when that has run, or will never.
class Slot {
 public:
  Slot(std::shared_ptr<Answers> answers, std::size_t index)
      : answers_(std::move(answers)), index_(index) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() {
    const std::lock_guard lock(answers_->mutex);
    --answers_->left;
    answers_->changed.notify_one();
  }
  void put(Result<FetchResponse> answer) const {
    const std::lock_guard lock(answers_->mutex);
    answers_->list[index_] = std::move(answer);
  }

 private:
  std::shared_ptr<Answers> answers_;
  std::size_t index_;
};

}  // namespace

std::vector<Result<FetchResponse>> fetchBlocking(WorkerServices& services,
                                                 std::vector<FetchRequest> requests,
                                                 Clock::time_point deadline) {
  const Error late(Errc::kTimeout, "the call did not end in time");
  const auto answers = std::make_shared<Answers>();
  answers->list.assign(requests.size(), late);
  answers->left = requests.size();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto remaining =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    requests[i].timeout = std::clamp(remaining, std::chrono::milliseconds(1), requests[i].timeout);
    auto slot = std::make_shared<Slot>(answers, i);
    services.fetch(0, std::move(requests[i]),
                   [slot = std::move(slot)](Result<FetchResponse> answer) mutable {
                     slot->put(std::move(answer));
                     slot.reset();
                   });
  }
  std::unique_lock lock(answers->mutex);
  answers->changed.wait_until(lock, deadline, [&] { return answers->left == 0; });
  return answers->list;
}

}  // namespace tykpp::drivers::js
