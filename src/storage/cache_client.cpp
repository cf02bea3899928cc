#include "storage/cache_client.hpp"

#include <span>
#include <utility>

#include "base/log.hpp"
#include "net/deadline.hpp"

namespace tykpp::storage {
namespace {

/// Dropped values and failures are told of so often at most.
constexpr std::chrono::seconds kTellCacheEvery{10};

}  // namespace

/// A question that may outlive who asked it.
struct CacheClient::Read {
  std::string key;
  std::optional<std::string> value;
  bool done = false;
  bool given_up = false;  // nobody waits for it any more
  std::coroutine_handle<> waiter;
};

/// Waits for the end of a read or of one's patience.
class CacheClient::Wait {
 public:
  Wait(CacheClient& client, std::shared_ptr<Read> read)
      : read_(std::move(read)),
        patience_(client.limits_.patience),
        deadline_(client.loop_.wheel(), &Wait::expire, this) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  ~Wait() { read_->waiter = nullptr; }

  bool await_ready() const noexcept { return read_->done; }
  void await_suspend(std::coroutine_handle<> waiter) {
    read_->waiter = waiter;
    deadline_.after(patience_);
  }
  void await_resume() const noexcept {}

 private:
  static void expire(net::Deadline&, void* self) {
    Read& read = *static_cast<Wait*>(self)->read_;
    if (const auto waiter = std::exchange(read.waiter, nullptr)) waiter.resume();
  }
  const std::shared_ptr<Read> read_;
  const std::chrono::milliseconds patience_;
  net::Deadline deadline_;
};

CacheClient::CacheClient(net::Loop& loop, KeyStore& store, Limits limits)
    : loop_(loop), store_(store), limits_(limits) {}
CacheClient::~CacheClient() = default;

KeyStoreClient& CacheClient::client() {
  if (client_ == nullptr) client_ = store_.client(loop_);
  return *client_;
}

bool CacheClient::isFailure(const Error& error) noexcept {
  // A key of another type, and a queue that is full, say nothing of the store.
  return error.code() != Errc::kBadRequest && error.code() != Errc::kForbidden &&
         error.code() != Errc::kShuttingDown;
}

net::Task<std::optional<std::string>> CacheClient::get(std::string_view key) {
  if (!available()) co_return std::nullopt;
  probing_ = failing_;
  auto read = std::make_shared<Read>();
  read->key = key;
  ask(read);
  Wait wait(*this, read);
  co_await wait;
  if (!read->done) {
    read->given_up = true;
    ++counts_.late;
    failed("it does not answer in time");
  }
  co_return std::move(read->value);
}

net::Detached CacheClient::ask(std::shared_ptr<Read> read) {
  Result<std::optional<std::string>> answer = co_await client().get(read->key);
  read->done = true;
  if (!answer) {
    probing_ = probing_ && read->given_up;
    if (isFailure(answer.error())) failed(answer.error().message());
  } else if (!read->given_up) {
    read->value = std::move(*answer);
    worked();
  }
  if (const auto waiter = std::exchange(read->waiter, nullptr)) waiter.resume();
}

void CacheClient::put(std::string key, std::string value, std::chrono::seconds ttl) {
  if (failing_ || writing_bytes_ + value.size() > limits_.writing_bytes) return drop();
  write(std::move(key), std::move(value), ttl);
}

net::Detached CacheClient::write(std::string key, std::string value, std::chrono::seconds ttl) {
  const std::size_t size = value.size();
  begin(size);
  const Result<bool> written = co_await client().set(key, value, ttl, SetIf::kAlways);
  if (!written) {
    if (isFailure(written.error())) failed(written.error().message());
    ++counts_.dropped;
  }
  end(size);
}

void CacheClient::remove(std::string key) {
  if (!failing_) erase(std::move(key));
}

net::Detached CacheClient::erase(std::string key) {
  begin(0);
  const std::span<const std::string> keys(&key, 1);
  const Result<std::int64_t> removed = co_await client().remove(keys);
  if (!removed && isFailure(removed.error())) failed(removed.error().message());
  end(0);
}

void CacheClient::begin(std::size_t bytes) noexcept {
  ++writing_;
  writing_bytes_ += bytes;
}

void CacheClient::end(std::size_t bytes) {
  --writing_;
  writing_bytes_ -= bytes;
  if (writing_ == 0 && drained_) std::exchange(drained_, nullptr)();
}

void CacheClient::drain(std::function<void()> done) {
  if (writing_ == 0) return done();
  drained_ = std::move(done);
}

void CacheClient::worked() {
  probing_ = false;
  if (!std::exchange(failing_, false)) return;
  if (std::exchange(told_, false)) TYKPP_LOG(info, "cache", "the store of cached answers works");
}

void CacheClient::failed(std::string_view why) {
  failing_ = true;
  probing_ = false;
  rest_until_ = loop_.now() + limits_.rest;
  if (told_ || loop_.now() < tell_after_) return;
  told_ = true;
  tell_after_ = loop_.now() + kTellCacheEvery;
  TYKPP_LOG(warn, "cache", "the store of cached answers fails, requests go to the upstream: {}",
            why);
}

void CacheClient::drop() {
  ++counts_.dropped;
  if (failing_ || loop_.now() < tell_after_) return;
  tell_after_ = loop_.now() + kTellCacheEvery;
  TYKPP_LOG(warn, "cache", "answers are not kept: the store takes them too slowly dropped={}",
            counts_.dropped);
}

}  // namespace tykpp::storage
