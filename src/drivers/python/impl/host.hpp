#pragma once
// What `tyk.gateway` reaches of the gateway, and the module `_tykpp` through which it does. The
// gateway may go while plugins' threads still run: the way to it is cut then.

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "drivers/python/impl/py.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::python {

/// Thread: any. One a process, for ever.
class Host {
 public:
  using Trigger = std::function<void(std::string name, std::string payload)>;

  static Host& get();
  void open(WorkerServices& services, Trigger trigger);
  /// @param services  as given to open(); if another one was opened since, it stays
  void close(const WorkerServices& services);

  /// False while the process ends: then even the log may be gone.
  bool isOpen() const noexcept { return open_.load(std::memory_order_relaxed); }
  void post(std::uint32_t worker, std::function<void()> fn);
  /// Waits a second at most. @error kTimeout, or what the storage says
  Result<std::string> store(std::string key, std::string value, std::chrono::seconds ttl);
  Result<std::string> load(std::string key);
  /// @return false when the gateway fires no events
  bool trigger(std::string name, std::string payload);

 private:
  std::mutex mutex_;
  std::atomic<bool> open_{false};
  WorkerServices* services_ = nullptr;
  Trigger trigger_;
};

/// The module's entry for CPython's table of built-in modules.
PyObject* initModule();
/// The exception that ends a hook whose time is up: a BaseException, so that `except Exception`
/// does not keep it. Borrowed.
PyObject* timeoutException() noexcept;

}  // namespace tykpp::drivers::python
