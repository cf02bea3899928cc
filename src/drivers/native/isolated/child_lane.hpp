#pragma once
// The calls of one of the gateway's workers, in the plugin host: read by a thread of their own, run
// there or by the pool, answered from wherever they end.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "drivers/native/impl/call_host.hpp"
#include "drivers/native/isolated/call_message.hpp"
#include "drivers/native/isolated/child_pool.hpp"

namespace tykpp::drivers::native::isolated {

/// An API's hook in the plugin host.
struct ChildHook {
  tykpp_function_plugin function = nullptr;
  std::shared_ptr<const FunctionFacts> facts;
  /// How often in a row it deferred; once it is known to, the lane's own thread calls it.
  std::atomic<int> deferred{0};
  std::atomic<bool> blocks{false};  ///< it was thought to defer and did not: the pool's for good
};

/// Finds hooks by number. Thread: any.
class ChildHooks {
 public:
  virtual ~ChildHooks() = default;
  /// Waits for one that is announced on the other socket and not read yet; null: it never was.
  virtual std::shared_ptr<ChildHook> hook(std::uint64_t number) = 0;
};

class ChildLane final : public CallEnd, public std::enable_shared_from_this<ChildLane> {
 public:
  ChildLane(int socket, ChildHooks& hooks, ChildPool& pool)
      : socket_(socket), hooks_(hooks), pool_(pool) {}
  ~ChildLane() override;
  ChildLane(const ChildLane&) = delete;
  ChildLane& operator=(const ChildLane&) = delete;

  /// Reads until the gateway closes the socket. Thread: the lane's own.
  void serve();
  void completed(std::shared_ptr<tykpp_call_host> call) noexcept override;

 private:
  using Calls = std::unordered_map<std::uint64_t, std::shared_ptr<ForeignCall>>;
  bool takeFrames(std::string& input);
  bool takeFrame(const Frame& frame);
  bool takeCall(std::string_view body);
  void run(const std::shared_ptr<ForeignCall>& call, const std::shared_ptr<ChildHook>& hook);
  void cancel(std::uint64_t id);
  void over(std::uint64_t request_id);
  void answer(ForeignCall& call, std::int32_t answer);
  void lendState(ForeignCall& call);
  /// @return whether the host keeps state for the call's request; lock held
  bool keepState(const ForeignCall& call, std::shared_ptr<void>& replaced);
  bool cork();
  void park(ForeignCall& call);
  void pump();

  const int socket_;
  ChildHooks& hooks_;
  ChildPool& pool_;
  std::mutex mutex_;  // guards what follows
  Calls calls_;
  std::unordered_map<std::uint64_t, std::shared_ptr<void>> states_;  // by request
  std::string out_;
  bool pumping_ = false;  // some thread sends what is in out_, or will
};

}  // namespace tykpp::drivers::native::isolated
