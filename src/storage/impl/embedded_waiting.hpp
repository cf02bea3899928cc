#pragma once
// How a coroutine of the embedded client waits for the file's thread.

#include <utility>

#include "storage/impl/embedded_client.hpp"

namespace tykpp::storage {

class EmbeddedClient::Waiting {
 public:
  explicit Waiting(EmbeddedClient& client)
      : client_(client),
        deadline_(
            client.loop_.wheel(),
            [](net::Deadline&, void* self) {
              static_cast<Waiting*>(self)->giveUp(
                  Error(Errc::kTimeout, "embedded store: no answer in time"));
            },
            this) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { leave(); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    caller_ = caller;
    client_.waiting_.push_front(this);
    place_ = client_.waiting_.begin();
    deadline_.after(client_.engine_.options().timeout);
  }
  void await_resume() const noexcept {}
  /// The job is done.
  void finish() {
    leave();
    if (const auto caller = std::exchange(caller_, nullptr)) caller.resume();
  }
  void giveUp(Error why) {
    given_up_ = true;
    why_ = std::move(why);
    finish();
  }
  bool givenUp() const noexcept { return given_up_; }
  const Error& why() const noexcept { return why_; }
  /// Whoever points here learns that it is over.
  Waiting** owner = nullptr;

 private:
  void leave() {
    deadline_.clear();
    if (owner != nullptr) *std::exchange(owner, nullptr) = nullptr;
    if (caller_) client_.waiting_.erase(place_);
  }
  EmbeddedClient& client_;
  net::Deadline deadline_;
  std::coroutine_handle<> caller_ = nullptr;
  std::list<Waiting*>::iterator place_;
  bool given_up_ = false;
  Error why_;
};

template <class T>
class EmbeddedClient::ClientJob final : public Job {
 public:
  ClientJob(std::shared_ptr<LoopGate> gate, bool writes, Action<T> action)
      : Job(std::move(gate), writes), action_(std::move(action)) {}
  void run(Work& work) override { result_ = action_(work); }
  void fail(const Error& error) override { result_ = error; }
  void deliver() override {
    if (waiting_ != nullptr) waiting_->finish();
  }
  void setWaiting(Waiting& waiting) {
    waiting_ = &waiting;
    waiting.owner = &waiting_;
  }
  Result<T> take() { return std::move(result_); }

 private:
  Action<T> action_;
  Result<T> result_{Error(Errc::kInternal, "no result")};
  Waiting* waiting_ = nullptr;  // the loop's thread alone
};

template <class T>
StoreTask<T> EmbeddedClient::perform(bool writes, Action<T> action) {
  auto job = std::make_shared<ClientJob<T>>(gate_, writes, std::move(action));
  Waiting waiting(*this);
  job->setWaiting(waiting);
  const Result<void> queued = engine_.submit(job);
  if (!queued) co_return queued.error();
  co_await waiting;
  if (waiting.givenUp()) co_return waiting.why();
  co_return job->take();
}

}  // namespace tykpp::storage
