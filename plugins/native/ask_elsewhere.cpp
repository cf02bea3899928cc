// A hook that waits: the answer comes from a thread of the plugin, and the worker serves other
// requests meanwhile. Here the thread only formats a number; a real one would ask a database.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <tykpp/plugin.hpp>
#include <utility>

namespace {

class Clerk {
 public:
  // One for the life of the process: plugins are never unloaded, so it is never joined.
  static Clerk& get() {
    static Clerk* const clerk = new Clerk;
    return *clerk;
  }
  void give(tykpp::Completion completion) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      queue_.push_back(std::move(completion));
    }
    wake_.notify_one();
  }

 private:
  Clerk() {
    std::thread([this] { work(); }).detach();
  }
  [[noreturn]] void work() {
    for (unsigned long served = 1;; ++served) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return !queue_.empty(); });
      tykpp::Completion completion = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      answer(completion, served);
    }
  }
  static void answer(tykpp::Completion& completion, unsigned long served) {
    try {
      completion.request().headers().set("X-Served-By-Clerk", std::to_string(served));
      completion.complete();
    } catch (const tykpp::PluginError&) {
      // The client left or the time was up: nothing to do, and nobody to tell.
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<tykpp::Completion> queue_;
};

tykpp::Verdict askElsewhere(tykpp::Request& request) {
  Clerk::get().give(request.defer());
  return tykpp::Verdict::kPending;
}

}  // namespace

TYKPP_PLUGIN("ask-elsewhere", "1.0", tykpp::hook<askElsewhere>("AskElsewhere"))
