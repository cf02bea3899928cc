// Connecting through sentinels: any of them names the master, and the master must agree that it is
// one, since sentinels may lag behind a failover.
#include <utility>

#include "storage/impl/redis_router.hpp"

namespace tykpp::storage {
namespace {

class SentinelConnector final : public RedisConnector {
 public:
  SentinelConnector(net::Loop& loop, std::shared_ptr<RedisShared> shared)
      : sentinel_(loop, std::move(shared)) {}

  net::Task<Result<void>> connect(RedisLink& link) override {
    const RedisOptions& options = link.shared().options;
    Result<void> done = Error(Errc::kIo, "Redis: no sentinel is configured");
    for (const std::string& address : options.address.addresses) {
      Endpoint sentinel = parseEndpoint(address, 26379);
      Result<Endpoint> master = co_await ask(std::move(sentinel), options);
      if (!master) {
        done = master.error();
        if (done.error().code() == Errc::kShuttingDown) break;
        continue;
      }
      done = co_await link.open(*master, greeting(options.address));
      if (done) done = co_await checkRole(link);
      if (done || done.error().code() == Errc::kShuttingDown) break;
    }
    co_return done;
  }
  void cancel(Errc reason) override { sentinel_.cancel(reason); }
  bool wantsMaster() const noexcept override { return true; }

 private:
  net::Task<Result<Endpoint>> ask(Endpoint where, const RedisOptions& options) {
    std::vector<RedisCommand> greetings;
    if (!options.sentinel_password.empty()) {
      greetings.push_back({"AUTH", options.sentinel_password});
    }
    const std::string place = where.text();
    const Result<void> opened = co_await sentinel_.open(std::move(where), std::move(greetings));
    if (!opened) co_return Error(opened.error().code(), "sentinel: " + opened.error().message());
    RedisCommand words{"SENTINEL", "get-master-addr-by-name", options.master_name};
    Result<Reply> reply = co_await sentinel_.ask(std::move(words));
    sentinel_.close();
    if (!reply) co_return Error(reply.error().code(), "sentinel " + place + ": no answer");
    const auto parts = elements(**reply);
    if (parts.size() != 2) {
      co_return Error(Errc::kIo,
                      "sentinel " + place + " knows no master \"" + options.master_name + "\"");
    }
    const auto port = integerOf(*parts[1]);
    co_return Endpoint{textCopy(*parts[0]), static_cast<std::uint16_t>(port.value_or(0))};
  }

  static net::Task<Result<void>> checkRole(RedisLink& link) {
    RedisCommand words{"ROLE"};
    Result<Reply> reply = co_await link.ask(std::move(words));
    if (!reply) co_return reply.error();
    const auto parts = elements(**reply);
    if (!parts.empty() && textOf(*parts.front()) == "master") co_return Result<void>{};
    link.close();
    co_return Error(Errc::kIo, "Redis: the server the sentinels name is no master yet");
  }

  RedisLink sentinel_;
};

}  // namespace

std::unique_ptr<RedisConnector> makeSentinelConnector(net::Loop& loop,
                                                      std::shared_ptr<RedisShared> shared) {
  return std::make_unique<SentinelConnector>(loop, std::move(shared));
}

}  // namespace tykpp::storage
