#pragma once
// What drivers need of the workers and of the world outside: to continue on a worker from another
// thread, to be called at a time, to make an HTTP call, and to keep a value beside the gateway.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace tykpp::net {
class Loop;
}

namespace tykpp::drivers {

/// An HTTP call that a plugin makes (`TykMakeHttpRequest`, `http.fetch` …).
struct FetchRequest {
  std::string method = "GET";
  std::string url;  ///< absolute, http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds timeout{5000};  ///< for all of it, redirects included
  bool insecure_skip_verify = false;        ///< the upstream's certificate is not checked
  bool follow_redirects = true;             ///< ten at most
  std::size_t max_body = 64U << 20;         ///< a longer answer is an error
};

struct FetchResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>>
      headers;       ///< of the last answer, in order, names as sent
  std::string body;  ///< decoded when it was gzip
};

/// Implemented by gateway/. Must outlive the drivers.
class WorkerServices {
 public:
  virtual ~WorkerServices() = default;
  /// Runs `fn` on that worker, soon; never inside post(). Thread: any. After the worker has stopped
  /// `fn` is destroyed without being run.
  virtual void post(std::uint32_t worker, std::function<void()> fn) = 0;
  /// Runs `fn` on that worker not before `when`, at the coarseness of the worker's timers. There is
  /// no way to cancel it: `fn` must tolerate being late. Thread: that worker.
  virtual void callAt(std::uint32_t worker, Clock::time_point when, std::function<void()> fn) = 0;

  /// That worker's loop, for drivers that wait for sockets of their own; null when there is none.
  /// Thread: that worker.
  virtual net::Loop* loop(std::uint32_t worker);

  using Fetched = std::function<void(Result<FetchResponse>)>;
  /// Makes an HTTP call off the workers and runs `done` on that worker; never inside fetch().
  /// Thread: any. `done` is destroyed without being run when the worker has stopped.
  virtual void fetch(std::uint32_t worker, FetchRequest request, Fetched done);

  using Stored = std::function<void(Result<std::string>)>;
  /// Keeps a value under a key in the gateway's storage for `ttl` seconds, 0: for good. `done` gets
  /// an empty text, on a thread of the storage's. Thread: any.
  virtual void storeData(std::string key, std::string value, std::chrono::seconds ttl, Stored done);
  /// Reads a value. @error kNotFound: there is none. `done` as above. Thread: any.
  virtual void loadData(std::string key, Stored done);

  /// Fires an event of the gateway's, for `trigger_event`; nothing happens when nobody handles it.
  /// Thread: any.
  virtual void triggerEvent(std::string name, std::string message);
};

}  // namespace tykpp::drivers
