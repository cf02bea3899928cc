#pragma once
// Names to addresses, off the loops: getaddrinfo on a few threads of its own, with a cache shared
// by all workers.

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "net/loop.hpp"

namespace tykpp::net {

/// An address without a port that matters: the caller sets it.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  void setPort(std::uint16_t port) noexcept;
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};
using Addresses = std::vector<Address>;

/// An IPv4 or IPv6 literal as an address. @return false for a name
bool parseLiteral(const std::string& host, Address& out);

class Resolver {
 public:
  struct Options {
    std::chrono::seconds ttl{
        5};  ///< a found name is not asked for again for so long; negative: never again
    std::chrono::seconds failure_ttl{1};  ///< the same for one that was not found
    std::size_t threads = 2;
    std::size_t max_queue = 4096;   ///< look-ups that may wait; more fail at once
    std::size_t max_names = 10000;  ///< cached
  };
  explicit Resolver(const Options& options);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// `co_await` on a loop's thread; yields the addresses. @error kDnsFailed, or the reason given to
  /// abandon()
  class Lookup {
   public:
    Lookup(Resolver& resolver, Loop& loop, std::string host)
        : resolver_(resolver), loop_(loop), host_(std::move(host)) {}
    ~Lookup() { abandonQuietly(); }
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;
    bool await_ready();
    void await_suspend(std::coroutine_handle<> caller);
    Result<std::shared_ptr<const Addresses>> await_resume() { return std::move(answer_); }
    /// Stops waiting: the await ends now with this reason. Thread: the loop's.
    void abandon(Errc reason);

   private:
    friend class Resolver;
    struct Wait;
    void abandonQuietly() noexcept;
    Resolver& resolver_;
    Loop& loop_;
    std::string host_;
    std::shared_ptr<Wait> wait_;
    Result<std::shared_ptr<const Addresses>> answer_{nullptr};
  };

 private:
  struct Entry {
    std::shared_ptr<const Addresses> addresses;  // null: not found
    std::string failure;
    Clock::time_point expires;
    bool asked = false;  // a look-up is under way
    std::vector<std::shared_ptr<Lookup::Wait>> waiting;
  };
  bool fromCache(const std::string& host, Result<std::shared_ptr<const Addresses>>& answer);
  void ask(const std::string& host, std::shared_ptr<Lookup::Wait> wait);
  void work();
  Options options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::string> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tykpp::net
