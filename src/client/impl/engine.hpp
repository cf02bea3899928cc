#pragma once
// The thread of a client: a curl multi handle, what waits for it and what it has under way.

#include <curl/curl.h>

#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "client/client.hpp"
#include "client/impl/transfer.hpp"

namespace tykpp::client {

/// Takes calls from any thread; everything behind `inbox_` belongs to the engine's own.
class HttpClient::Engine {
 public:
  explicit Engine(Limits limits);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void send(Request request, Done done);

 private:
  struct FreeMulti {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };

  void run();
  bool collect();  // false: stop
  void leave(std::size_t count);
  void expireWaiting();
  void startWaiting();
  void start(std::unique_ptr<Transfer> transfer);
  void takeFinished();
  void finish(CURL* easy, CURLcode code);

  const Limits limits_;
  std::string ca_file_;
  std::unique_ptr<CURLM, FreeMulti> multi_;

  std::mutex mutex_;
  std::deque<std::unique_ptr<Transfer>> inbox_;    // mutex_
  std::deque<std::unique_ptr<Transfer>> refused_;  // mutex_; only to be told so
  std::size_t queued_ = 0;                         // mutex_; all but the refused
  bool stopping_ = false;                          // mutex_

  std::deque<std::unique_ptr<Transfer>> waiting_;
  Clock::time_point next_expiry_{};
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> running_;
  std::thread thread_;
};

}  // namespace tykpp::client
