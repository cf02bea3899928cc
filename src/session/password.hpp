#pragma once
// Passwords of basic authentication: how they are kept and compared. bcrypt takes some 60 ms of a
// processor, so it runs on threads of its own, never on a loop.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "net/task.hpp"
#include "session/session_data.hpp"

namespace tykpp::net {
class Loop;
}

namespace tykpp::session {

/// A password as a session keeps it. Takes long for bcrypt: for a PasswordPool's threads.
/// @param function  `basic_auth_hash_key_function`: bcrypt, sha256, murmur32, murmur64, murmur128;
/// empty: bcrypt
/// @error kBadRequest  bcrypt cannot take it: longer than 72 bytes, or with a NUL in it
Result<BasicAuthData> hashPassword(std::string_view password, std::string_view function);

/// Whether it is the password that was kept. In constant time for passwords of one length; takes
/// long for bcrypt. A kept form that nobody can read matches nothing.
bool verifyPassword(const BasicAuthData& kept, std::string_view password);

/// Whether comparing with it takes long, that is: whether it is bcrypt's.
bool isSlow(const BasicAuthData& kept) noexcept;

/// Threads that hash and compare. They start with the first password. Thread: any.
class PasswordPool {
 public:
  static constexpr std::size_t kMostWaiting = 512;

  /// @param threads  0: half of the processors, at least one
  explicit PasswordPool(std::size_t threads = 0, std::size_t most_waiting = kMostWaiting);
  /// Ends the threads after what each works on; who still waits is not resumed. The loops must
  /// exist until then and may no longer run.
  ~PasswordPool();
  PasswordPool(const PasswordPool&) = delete;
  PasswordPool& operator=(const PasswordPool&) = delete;

  /// hashPassword(), resumed on `loop`, the caller's. @error also kForbidden  too many wait
  net::Task<Result<BasicAuthData>> hash(net::Loop& loop, std::string password,
                                        std::string function);
  /// verifyPassword(), resumed on `loop`, the caller's; at once where it does not take long.
  /// @error kForbidden  too many wait
  net::Task<Result<bool>> verify(net::Loop& loop, BasicAuthData kept, std::string password);

 private:
  class Away;
  bool add(std::function<void()> job);
  void serve();

  const std::size_t threads_wanted_;
  const std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  bool stopping_ = false;
};

}  // namespace tykpp::session
