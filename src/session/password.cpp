#include "session/password.hpp"

#include <pthread.h>

#include <algorithm>
#include <coroutine>
#include <memory>

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "net/loop.hpp"
#include "session/impl/bcrypt.hpp"
#include "session/key_hash.hpp"

namespace tykpp::session {
namespace {

constexpr std::string_view kBcrypt = "bcrypt";

Error tooMany() {
  return Error(Errc::kForbidden, Side::kGateway, 503, "too many passwords wait to be checked");
}

}  // namespace

Result<BasicAuthData> hashPassword(std::string_view password, std::string_view function) {
  bool known = false;
  const HashAlgorithm algorithm = hashAlgorithm(function, &known);
  if (known && !function.empty()) {
    return BasicAuthData{hashText(password, algorithm), std::string(function)};
  }
  auto hash = bcryptHash(password);
  if (!hash) {
    return Error(Errc::kBadRequest, "bcrypt takes passwords of at most " +
                                        std::to_string(kMostBcryptBytes) + " bytes without NUL");
  }
  return BasicAuthData{std::move(*hash), std::string(kBcrypt)};
}

bool verifyPassword(const BasicAuthData& kept, std::string_view password) {
  if (kept.hash_type.empty()) return equalsConstantTime(kept.password, password);
  if (kept.hash_type == kBcrypt) return bcryptMatches(kept.password, password);
  bool known = false;
  const HashAlgorithm algorithm = hashAlgorithm(kept.hash_type, &known);
  if (!known) {
    TYKPP_LOG(err, "session", "a password is kept in a form that nobody knows: {}",
              log::quoted(kept.hash_type));
    return false;
  }
  return equalsConstantTime(kept.password, hashText(password, algorithm));
}

bool isSlow(const BasicAuthData& kept) noexcept { return kept.hash_type == kBcrypt; }

/// Suspends until a thread of the pool has done the work.
class PasswordPool::Away {
 public:
  Away(PasswordPool& pool, net::Loop& loop, std::function<void()> work)
      : pool_(pool), loop_(loop), work_(std::move(work)) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> caller) {
    // The caller's loop runs this function, so nobody is resumed before it returns.
    taken_ = pool_.add([work = std::move(work_), loop = &loop_, caller] {
      work();
      loop->post([caller] { caller.resume(); });
    });
    return taken_;
  }
  /// Whether it was done at all.
  bool await_resume() const noexcept { return taken_; }

 private:
  PasswordPool& pool_;
  net::Loop& loop_;
  std::function<void()> work_;
  bool taken_ = true;
};

PasswordPool::PasswordPool(std::size_t threads, std::size_t most_waiting)
    : threads_wanted_(threads > 0 ? threads
                                  : std::max(1U, std::thread::hardware_concurrency() / 2)),
      most_waiting_(most_waiting) {}

PasswordPool::~PasswordPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool PasswordPool::add(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || jobs_.size() >= most_waiting_) return false;
  jobs_.push_back(std::move(job));
  if (threads_.size() < threads_wanted_) threads_.emplace_back([this] { serve(); });
  wake_.notify_one();
  return true;
}

void PasswordPool::serve() {
  ::pthread_setname_np(::pthread_self(), "tykpp-password");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

net::Task<Result<BasicAuthData>> PasswordPool::hash(net::Loop& loop, std::string password,
                                                    std::string function) {
  struct Work {
    std::string password;
    std::string function;
    Result<BasicAuthData> out = BasicAuthData{};
  };
  // Shared: the threads may outlive a coroutine that is dropped at the end of the process.
  const auto work = std::make_shared<Work>(Work{std::move(password), std::move(function)});
  std::function<void()> run = [work] { work->out = hashPassword(work->password, work->function); };
  Away away(*this, loop, std::move(run));
  const bool done = co_await away;
  if (!done) co_return tooMany();
  co_return std::move(work->out);
}

net::Task<Result<bool>> PasswordPool::verify(net::Loop& loop, BasicAuthData kept,
                                             std::string password) {
  if (!isSlow(kept)) co_return verifyPassword(kept, password);
  struct Work {
    BasicAuthData kept;
    std::string password;
    bool same = false;
  };
  const auto work = std::make_shared<Work>(Work{std::move(kept), std::move(password)});
  std::function<void()> run = [work] { work->same = verifyPassword(work->kept, work->password); };
  Away away(*this, loop, std::move(run));
  const bool done = co_await away;
  if (!done) co_return tooMany();
  co_return work->same;
}

}  // namespace tykpp::session
