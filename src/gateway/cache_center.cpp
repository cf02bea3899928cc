#include "gateway/cache_center.hpp"

#include <span>
#include <utility>

#include "base/log.hpp"
#include "gateway/key_store.hpp"
#include "middleware/cache_key.hpp"

namespace tykpp::gateway {
namespace {

storage::CacheClient::Limits cacheLimitsOf(const definition::GatewayConfig& config) {
  storage::CacheClient::Limits limits;
  limits.patience = config.cache.lookup_timeout;
  return limits;
}

/// Of a store of its own; nought where there is none.
Result<std::unique_ptr<storage::KeyStore>> ownCacheStore(const definition::GatewayConfig& config) {
  if (!config.cache.separate_store) return std::unique_ptr<storage::KeyStore>{};
  definition::StorageConfig settings = config.cache.storage;
  if (settings.type != "embedded") settings.type = "redis";
  const bool shared_file = settings.type == "embedded" && config.storage.type != "redis" &&
                           settings.file == config.storage.file;
  if (shared_file) {
    return Error(Errc::kBadConfig, "is the file of storage: one store has it alone")
        .at("cache_storage.file");
  }
  auto opened = openKeyStore(settings);
  if (!opened) return Error(opened.error()).at("cache_storage");
  return opened;
}

}  // namespace

Result<std::unique_ptr<CacheCenter>> CacheCenter::open(const definition::GatewayConfig& config,
                                                       storage::KeyStore& store, net::Loop& main) {
  auto own = ownCacheStore(config);
  if (!own) return own.error();
  return std::unique_ptr<CacheCenter>(new CacheCenter(config, store, std::move(*own), main));
}

CacheCenter::CacheCenter(const definition::GatewayConfig& config, storage::KeyStore& shared,
                         std::unique_ptr<storage::KeyStore> own, net::Loop& main)
    : config_(config),
      own_store_(std::move(own)),
      store_(own_store_ != nullptr ? *own_store_ : shared),
      main_(main),
      clients_(store_, cacheLimitsOf(config)),
      patience_(main.io()) {}

void CacheCenter::add(net::Loop& worker) {
  clients_.add(worker);
  loops_.push_back(&worker);
}

net::Task<Result<void>> CacheCenter::forget(std::string api_id) {
  if (client_ == nullptr) client_ = store_.client(main_);
  const std::string prefix = middleware::answerKeyPrefix(api_id);
  std::string from;
  do {
    Result<storage::KeyPage> page = co_await client_->scan(prefix, from);
    if (!page) co_return page.error();
    const std::span<const std::string> keys(page->keys);
    const Result<std::int64_t> removed = co_await client_->remove(keys);
    if (!removed) co_return removed.error();
    from = std::move(page->next);
  } while (!from.empty());
  co_return Result<void>{};
}

net::Detached CacheCenter::forgetLater(std::string api_id) {
  net::Task<Result<void>> forgetting = forget(api_id);
  const Result<void> done = co_await forgetting;
  if (done || done.error().code() == Errc::kShuttingDown) co_return;
  TYKPP_LOG(err, "cache", "answers of an API cannot be removed: {} api_id={}",
            done.error().message(), log::quoted(api_id));
}

void CacheCenter::drain(std::function<void()> done) {
  done_ = std::move(done);
  left_ = loops_.size();
  const auto& used = own_store_ != nullptr ? config_.cache.storage : config_.storage;
  patience_.expires_after(used.timeout + std::chrono::seconds(1));
  patience_.async_wait([this](const boost::system::error_code& error) {
    if (!error) end();
  });
  for (std::uint32_t i = 0; i < loops_.size(); ++i) {
    loops_[i]->post([this, &client = clients_.of(i)] {
      client.drain([this] {
        main_.post([this] {
          if (--left_ == 0) end();
        });
      });
    });
  }
}

void CacheCenter::end() {
  patience_.cancel();
  if (done_) std::exchange(done_, nullptr)();
}

}  // namespace tykpp::gateway
