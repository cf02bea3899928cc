#pragma once
// A plugin host process as the gateway knows it: what it runs, how it fares, and the sockets to it.
// The supervisor starts, watches and ends it; workers open lanes to it; loads announce hooks.

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "drivers/native/impl/call_host.hpp"
#include "drivers/native/isolated/frame.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::native::isolated {

/// Settings of every host process.
struct HostOptions {
  std::string executable = "/proc/self/exe";  ///< what is run as `plugin-host`
  std::int64_t memory_limit = 0;              ///< bytes of data, 0: none
  std::chrono::milliseconds start_timeout{10000};
  std::chrono::milliseconds first_restart_delay{100};  ///< doubled with each death in a row
  std::chrono::milliseconds max_restart_delay{10000};
  int threads = 16;
  std::size_t max_calls = 4096;                 ///< under way on a lane
  std::size_t max_body = 64U << 20;             ///< bytes of a body that a hook makes
  std::string gateway_version, gateway_config;  ///< what gateway_text answers there
};

/// A function of the loaded plugin.
struct HookEntry {
  std::string name;
  std::uint32_t places = 0;
  std::uint32_t flags = 0;
};

/// What a host said about its plugin. Equal for each process of one file content.
struct PluginTable {
  std::string name;
  std::vector<HookEntry> hooks;
  const HookEntry* find(std::string_view hook) const noexcept;
  /// Every name, comma separated, for messages.
  std::string names() const;
};

/// Thread: any, unless a function says otherwise.
class Host {
 public:
  enum class State : std::uint8_t { kNew, kStarting, kReady, kDown, kRetired };

  /// @param file    what definitions call it, for logs and pages
  /// @param staged  the private copy that is loaded; removed with the host
  Host(const HostOptions& options, std::string file, std::string staged);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const HostOptions& options() const noexcept { return options_; }
  const std::string& file() const noexcept { return file_; }
  /// Waits until the first process has loaded the plugin, or could not.
  /// @error kBadPlugin  why
  Result<void> awaitFirst();
  /// After awaitFirst() succeeded.
  const PluginTable& table() const noexcept { return table_; }
  RemoteServer status() const;

  /// Tells the host about an API's hook, and every process that follows it. @return its number
  std::uint64_t announce(std::string function, std::shared_ptr<const FunctionFacts> facts);
  void forget(std::uint64_t number);

  /// A socket for a worker's calls. @error kPluginFailed  the host is down, and why
  struct LaneSocket {
    int fd;
    std::uint64_t generation;
  };
  Result<LaneSocket> openLane();
  /// Ends a process that broke the rules; the next one follows. @param generation  which
  void condemn(std::uint64_t generation, std::string reason);
  /// A call that nobody waits for runs on in the process. When as many do as it has threads, for
  /// longer than a while, the process is ended: nothing else would free them.
  void overdue(std::uint64_t generation);
  /// Such a call has come back, or gone with its process.
  void back() noexcept { overdue_.fetch_sub(1, std::memory_order_relaxed); }
  /// No API needs it any more.
  void retire();

 private:
  friend class Supervisor;
  struct Outgoing {
    std::string bytes;
    std::size_t sent = 0;
    int fd = -1;  // goes with the first byte
  };
  struct Announced {
    std::string function;
    std::shared_ptr<const FunctionFacts> facts;
  };
  // All with the lock held.
  void send(std::string bytes, int fd = -1);
  void ring();
  void flush();
  void sendHook(std::uint64_t number, const Announced& hook);
  void closeSockets();

  const HostOptions options_;
  const std::string file_;
  const std::string staged_;
  std::atomic<int> overdue_{0};
  std::atomic<Clock::time_point> overdue_since_{};  // as many as threads
  PluginTable table_;  // written once, before the state leaves kStarting for the first time

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  void (*wake_)(void*) = nullptr;  // the supervisor's, while there is one
  void* waker_ = nullptr;
  State state_ = State::kNew;
  std::string error_;
  std::uint64_t generation_ = 0;
  std::uint64_t restarts_ = 0;
  std::string condemned_;  // why the process is to be ended; empty: it is not
  bool failed_first_ = false;
  std::map<std::uint64_t, Announced> hooks_;
  std::uint64_t next_hook_ = 1;
  int control_ = -1;
  std::deque<Outgoing> outgoing_;

  // The supervisor's alone.
  pid_t pid_ = -1;
  int output_ = -1;          // what the process writes to stdout and stderr
  std::string incoming_;     // of the control socket
  std::string line_;         // output without its end yet
  std::string last_output_;  // of it, for the line that says that it died
  bool crashing_ = false;    // it began to say why: nothing may push that out
  Clock::time_point due_{};  // of the start that is under way, the next one, or the end
  Clock::time_point started_{};
  std::chrono::milliseconds delay_{0};
  bool greeted_ = false;  // the present process is ready
  bool ending_ = false;   // retired, and told so by its closed socket
};

}  // namespace tykpp::drivers::native::isolated
