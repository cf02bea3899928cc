#pragma once
// One host process for each content of a plugin file, for as long as an API needs it.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drivers/native/isolated/host.hpp"
#include "drivers/native/isolated/lane.hpp"
#include "drivers/native/isolated/supervisor.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::drivers::native::isolated {

/// Every lane there is, so that they can be closed when the workers have stopped. Thread: any.
class LaneRegistry {
 public:
  void add(const std::shared_ptr<Lane>& lane);
  /// The workers have stopped.
  void closeAll();

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<Lane>> lanes_;
};

/// Whoever calls hooks of a host holds it; the last to let go ends the process. Thread: any.
class HostUse {
 public:
  HostUse(std::shared_ptr<Host> host, WorkerServices& services,
          std::shared_ptr<LaneRegistry> registry)
      : host_(std::move(host)), services_(services), registry_(std::move(registry)) {}
  ~HostUse() { host_->retire(); }
  HostUse(const HostUse&) = delete;
  HostUse& operator=(const HostUse&) = delete;
  Host& host() noexcept { return *host_; }
  /// Thread: that worker. Null when it has no loop.
  std::shared_ptr<Lane> lane(std::uint32_t worker);

 private:
  const std::shared_ptr<Host> host_;
  WorkerServices& services_;
  const std::shared_ptr<LaneRegistry> registry_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Lane>> lanes_;  // by worker
};

class HostPool {
 public:
  HostPool(HostOptions options, WorkerServices& services);
  ~HostPool();
  HostPool(const HostPool&) = delete;
  HostPool& operator=(const HostPool&) = delete;

  /// The host of a content; waits until its plugin is loaded. Thread: main.
  /// @param stage  makes the private copy that a new host loads
  /// @error kBadPlugin
  template <class Stage>
  Result<std::shared_ptr<HostUse>> open(const std::string& digest, const std::string& file,
                                        Stage&& stage) {
    if (auto known = uses_[digest].lock()) return known;
    Result<std::string> staged = stage();
    if (!staged) return staged.error();
    return start(digest, file, *staged);
  }
  std::vector<RemoteServer> servers() const;

 private:
  Result<std::shared_ptr<HostUse>> start(const std::string& digest, const std::string& file,
                                         const std::string& staged);

  const HostOptions options_;
  WorkerServices& services_;
  const std::shared_ptr<LaneRegistry> registry_;
  std::map<std::string, std::weak_ptr<HostUse>> uses_;
  Supervisor supervisor_;
};

}  // namespace tykpp::drivers::native::isolated
