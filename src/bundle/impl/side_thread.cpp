#include "bundle/impl/side_thread.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace tykpp::bundle {

void Mailbox::post(Job job, Clock::time_point when) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    jobs_.emplace(when, std::move(job));
  }
  changed_.notify_one();
}

void Mailbox::close() {
  std::multimap<Clock::time_point, Job>
      dropped;  // destroyed without the lock: they may hold anything
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(jobs_);
  }
  changed_.notify_all();
}

void Mailbox::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (jobs_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Clock::time_point when = jobs_.begin()->first;
    if (Clock::now() < when) {
      changed_.wait_until(lock, when);
      continue;
    }
    {
      const Job job = std::move(jobs_.extract(jobs_.begin()).mapped());
      lock.unlock();
      job();
    }
    lock.lock();
  }
}

SideThread::SideThread(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {
  // Signals are the main thread's.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([box = mailbox_] { box->run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_setname_np(thread_.native_handle(), "tykpp-bundle");
}

SideThread::~SideThread() {
  mailbox_->close();
  thread_.join();
}

}  // namespace tykpp::bundle
