#pragma once
// Key sets that issuers publish under a URL: fetched when a token first needs them, kept for a
// time, fetched anew before it ends and when a token names a key that nobody has seen. While the
// issuer is down the last set that it published goes on.

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "client/client.hpp"
#include "jwt/key_set.hpp"
#include "net/task.hpp"

namespace tykpp::net {
class Loop;
}

namespace tykpp::jwt {

/// One URL's set for one API, shared by the workers. Thread: any, unless said otherwise.
class KeySource {
 public:
  struct State;
  explicit KeySource(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}

  /// Another number after each change of the keys.
  std::uint64_t generation() const noexcept;
  /// Whether keys() may be used without asking the issuer. Starts a fetch shortly before that ends.
  /// No lock while nothing is due.
  bool fresh(Clock::time_point now);
  /// Null: there were never any.
  std::shared_ptr<const KeySet> keys() const;
  /// Waits for a fetch if one is due or under way. Thread: the loop's. Ends within kFetchTime.
  net::Task<void> refresh(net::Loop& loop);
  /// Fetches anew because a key is missing, unless that happened too often of late.
  net::Task<void> refetch(net::Loop& loop);
  /// What is known counts as old from now on.
  void expire();

 private:
  std::shared_ptr<State> state_;
};

/// How long an issuer may take.
inline constexpr std::chrono::milliseconds kFetchTime{5000};

/// All sources of a process.
class KeySets {
 public:
  /// @param client    outlives every source
  /// @param lifetime  of sets whose API says nothing
  /// @param insecure_skip_verify  certificates of issuers are not checked
  KeySets(client::HttpClient& client, std::chrono::seconds lifetime, bool insecure_skip_verify)
      : client_(client), lifetime_(lifetime), insecure_(insecure_skip_verify) {}

  /// The source of an API's URL: the one that there is, or a new one. Thread: any.
  std::shared_ptr<KeySource> source(const std::string& api_id, const std::string& url,
                                    std::optional<std::chrono::seconds> lifetime);
  /// Makes an API's sets old, or all with an empty id. Thread: any.
  void invalidate(std::string_view api_id);

 private:
  client::HttpClient& client_;
  std::chrono::seconds lifetime_;
  bool insecure_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::weak_ptr<KeySource>> sources_;
};

}  // namespace tykpp::jwt
