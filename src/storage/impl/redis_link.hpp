#pragma once
// One connection to one Redis or sentinel: opened with look-up, TLS and greeting, then used either
// word by word (ask) or by RedisConnection, which pipelines.

#include <memory>
#include <string>
#include <vector>

#include "net/loop.hpp"
#include "net/resolver.hpp"
#include "net/stream.hpp"
#include "storage/impl/redis_reply.hpp"
#include "storage/impl/store_status.hpp"
#include "storage/redis_options.hpp"

namespace tykpp::storage {

struct SslContextDelete {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDelete>;
/// @return null when TLS is off. @error kBadConfig
Result<SslContext> makeRedisTls(const RedisTls& tls);

/// What all connections of a store share. Outlives them.
struct RedisShared {
  explicit RedisShared(RedisOptions given)
      : options(std::move(given)), resolver({.threads = 1, .max_queue = 256, .max_names = 256}) {}
  const RedisOptions options;
  SslContext tls;
  net::Resolver resolver;
  StoreStatus status{"Redis"};
};

/// A server's place.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string text() const;
  bool operator==(const Endpoint&) const = default;
};
/// `host`, `host:port` or `[v6]:port`. @param port  when the text has none
Endpoint parseEndpoint(std::string_view text, std::uint16_t port = 6379);

/// Thread: its loop's.
class RedisLink {
 public:
  RedisLink(net::Loop& loop, std::shared_ptr<RedisShared> shared);
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;

  /// Connects, then sends each greeting and `PING`; all of it within the store's timeout.
  /// fault() names what failed.
  net::Task<Result<void>> open(Endpoint to, std::vector<RedisCommand> greetings);
  /// One command, its answer, within the timeout. Only while nobody pipelines.
  net::Task<Result<Reply>> ask(RedisCommand words);
  /// The next reply, without a limit in time.
  net::Task<Result<Reply>> next();
  /// Ends what waits, now and until the next open().
  void cancel(Errc reason);
  /// Nobody may be waiting.
  void close() noexcept;

  net::Loop& loop() noexcept { return loop_; }
  net::Stream& stream() noexcept { return stream_; }
  RedisFault fault() const noexcept { return fault_; }
  RedisShared& shared() noexcept { return *shared_; }

 private:
  net::Task<Result<void>> connect(const Endpoint& to);
  net::Task<Result<void>> connectTo(const net::Address& address, const std::string& host);
  net::Task<Result<void>> greet(std::vector<RedisCommand> greetings);
  net::Task<Result<void>> write(std::string text);
  Error failed(const Error& cause, const Endpoint& to);
  net::Loop& loop_;
  std::shared_ptr<RedisShared> shared_;
  net::Stream stream_;
  ReplyReader reader_;
  net::Deadline deadline_;
  net::Resolver::Lookup* lookup_ = nullptr;
  bool cancelled_ = false;
  Errc reason_ = Errc::kTimeout;
  RedisFault fault_ = RedisFault::kNone;
  std::vector<char> buffer_;
};

}  // namespace tykpp::storage
