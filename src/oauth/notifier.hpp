#pragma once
// Tells an application's server about new tokens (`notifications.oauth_on_keychange_url`).

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "client/client.hpp"
#include "net/loop.hpp"
#include "net/timed_calls.hpp"

namespace tykpp::oauth {

/// What is told.
struct TokenNews {
  std::string auth_code;
  std::string new_oauth_token;
  std::string refresh_token;
  std::string old_refresh_token;  ///< not empty: the token was refreshed
};

/// Three attempts, ten seconds apart; what fails is logged. It has an HTTP client of its own, so
/// that receivers who do not answer keep nobody else waiting. Made and destroyed while the loop
/// does not run.
class Notifier {
 public:
  /// @param loop  waits between attempts; outlives it
  explicit Notifier(net::Loop& loop) : loop_(loop), later_(loop.wheel()) {}
  /// Thread: any.
  void tell(const std::string& url, const std::string& secret, const TokenNews& news);

 private:
  void attempt(client::Request request, int number);
  void retry(client::Request request, int number, const std::string& reason);
  net::Loop& loop_;
  net::TimedCalls later_;
  std::atomic<int> waiting_{0};
  std::once_flag made_;
  std::unique_ptr<client::HttpClient>
      http_;  // made with the first call; last: its callbacks end first
};

}  // namespace tykpp::oauth
