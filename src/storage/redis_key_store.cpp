#include <utility>

#include "storage/impl/redis_client.hpp"
#include "storage/key_store.hpp"

namespace tykpp::storage {
namespace {

class RedisKeyStore final : public KeyStore {
 public:
  explicit RedisKeyStore(std::shared_ptr<RedisShared> shared) : shared_(std::move(shared)) {}
  std::unique_ptr<KeyStoreClient> client(net::Loop& loop) override {
    return std::make_unique<RedisClient>(loop, shared_);
  }
  StoreState state() const override { return shared_->status.state(); }
  void onChange(OnChange listener) override { shared_->status.onChange(std::move(listener)); }

 private:
  std::shared_ptr<RedisShared> shared_;
};

}  // namespace

Result<std::unique_ptr<KeyStore>> makeRedisKeyStore(RedisOptions options) {
  auto tls = makeRedisTls(options.tls);
  if (!tls) return tls.error();
  auto shared = std::make_shared<RedisShared>(std::move(options));
  shared->tls = std::move(*tls);
  return std::unique_ptr<KeyStore>(std::make_unique<RedisKeyStore>(std::move(shared)));
}

}  // namespace tykpp::storage
