#include "storage/impl/redis_router.hpp"

#include <utility>

namespace tykpp::storage {
namespace {

/// The first of the configured servers that lets us in.
class AddressConnector final : public RedisConnector {
 public:
  net::Task<Result<void>> connect(RedisLink& link) override {
    const RedisAddress& where = link.shared().options.address;
    Result<void> done = Error(Errc::kIo, "Redis: no address is configured");
    for (const std::string& address : where.addresses) {
      done = co_await link.open(parseEndpoint(address), greeting(where));
      if (done || done.error().code() == Errc::kShuttingDown) break;
    }
    co_return done;
  }
};

class SingleRouter final : public RedisRouter {
 public:
  SingleRouter(net::Loop& loop, std::shared_ptr<RedisShared> shared)
      : loop_(loop),
        shared_(std::move(shared)),
        connection_(std::make_shared<RedisConnection>(loop, shared_, connector(), true)) {
    RedisConnection::start(connection_);
  }
  ~SingleRouter() override { connection_->stop(); }

  net::Task<Result<Reply>> run(CommandWords words, std::string_view, bool repeatable) override {
    RedisCall call;
    connection_->send(call, words, repeatable);
    co_return co_await call;
  }
  net::Task<Result<Reply>> runAt(std::size_t, CommandWords words) override {
    return run(words, {}, true);
  }
  std::size_t masters() const override { return 1; }
  std::unique_ptr<RedisConnector> connector() override {
    if (!shared_->options.master_name.empty()) return makeSentinelConnector(loop_, shared_);
    return std::make_unique<AddressConnector>();
  }
  void stop() override { connection_->stop(); }

 private:
  net::Loop& loop_;
  std::shared_ptr<RedisShared> shared_;
  std::shared_ptr<RedisConnection> connection_;
};

}  // namespace

std::unique_ptr<RedisRouter> makeRedisRouter(net::Loop& loop, std::shared_ptr<RedisShared> shared) {
  const bool cluster = shared->options.cluster && shared->options.master_name.empty();
  if (cluster) return makeClusterRouter(loop, std::move(shared));
  return std::make_unique<SingleRouter>(loop, std::move(shared));
}

}  // namespace tykpp::storage
