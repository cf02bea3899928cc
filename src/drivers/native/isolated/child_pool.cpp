#include "drivers/native/isolated/child_pool.hpp"

#include <pthread.h>

#include <system_error>
#include <thread>

namespace tykpp::drivers::native::isolated {

void ChildPool::run(std::function<void()> job) {
  bool grow = false;
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    grow = jobs_.size() > idle_ && threads_ < max_threads_;
    if (grow) ++threads_;
  }
  if (!grow) {
    wake_.notify_one();
    return;
  }
  try {
    std::thread([this] { serve(); }).detach();
  } catch (const std::system_error&) {  // no memory for a stack: those that are there go on
    const std::lock_guard lock(mutex_);
    --threads_;
    wake_.notify_one();
  }
}

void ChildPool::serve() {
  ::pthread_setname_np(::pthread_self(), "hooks");
  std::unique_lock lock(mutex_);
  for (;;) {
    while (jobs_.empty()) {
      ++idle_;
      wake_.wait(lock);
      --idle_;
    }
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace tykpp::drivers::native::isolated
