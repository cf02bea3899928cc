#include "jwt/key_source.hpp"

#include <algorithm>
#include <vector>

#include "base/log.hpp"
#include "net/loop.hpp"

namespace tykpp::jwt {
namespace {

/// After a failure the issuer is left alone that long.
constexpr std::chrono::seconds kAfterFailure{3};
/// Keys go on for that long after a failure: longer than a fetch takes, so that nobody waits for an
/// issuer that does not answer.
constexpr std::chrono::seconds kStale{30};
/// Fetches for keys that nobody has seen: so many at once, then one each kRefill.
constexpr double kMostRefetches = 3;
constexpr std::chrono::duration<double> kRefill{10};

/// One coroutine that waits for a fetch. Both sides run on its loop.
struct Wait {
  std::coroutine_handle<> waiting;
};

struct Waiter {
  net::Loop* loop;
  std::shared_ptr<Wait> wait;
};

/// The URL as logs show it: without what may be secret in it.
std::string shownUrl(std::string_view url) {
  url = url.substr(0, url.find('?'));
  const std::size_t at = url.rfind('@');
  if (at != std::string_view::npos) url.remove_prefix(at + 1);
  return log::quoted(url);
}

}  // namespace

struct KeySource::State {
  State(client::HttpClient& http_client, std::string api, std::string address, bool insecure_tls)
      : client(http_client),
        api_id(std::move(api)),
        url(std::move(address)),
        insecure(insecure_tls) {}

  client::HttpClient& client;
  const std::string api_id;
  const std::string url;
  const bool insecure;
  std::atomic<std::uint64_t> generation{1};
  // Both as counts of the clock, so that warm requests read them without a lock.
  std::atomic<Clock::rep> ahead_at{0};    ///< when to fetch while the keys still count
  std::atomic<Clock::rep> good_until{0};  ///< when they stop to

  std::mutex mutex;  ///< over all below
  std::chrono::seconds lifetime{240};
  std::shared_ptr<const KeySet> keys;
  std::string text;  ///< of keys
  bool fetching = false;
  Clock::time_point next_attempt{};
  double refetches = kMostRefetches;
  Clock::time_point refilled{};
  std::vector<Waiter> waiters;

  static void fetch(const std::shared_ptr<State>& state);
  void arrived(Result<client::Response> answer);
  Result<void> take(Result<client::Response>& answer);
  void keep(Clock::time_point now, std::chrono::milliseconds good, std::chrono::milliseconds ahead);
  bool allowRefetch(Clock::time_point now);
};

/// Starts a fetch; `fetching` is set already.
void KeySource::State::fetch(const std::shared_ptr<State>& state) {
  client::Request request;
  request.url = state->url;
  request.headers = {{"Accept", "application/json"}};
  request.timeout = kFetchTime;
  request.max_body = kMaxKeySetBytes;
  request.tls.insecure_skip_verify = state->insecure;
  state->client.send(std::move(request), [state](Result<client::Response> answer) {
    state->arrived(std::move(answer));
  });
}

void KeySource::State::keep(Clock::time_point now, std::chrono::milliseconds good,
                            std::chrono::milliseconds ahead) {
  good_until.store((now + good).time_since_epoch().count(), std::memory_order_relaxed);
  ahead_at.store((now + ahead).time_since_epoch().count(), std::memory_order_relaxed);
}

Result<void> KeySource::State::take(Result<client::Response>& answer) {
  if (!answer) return answer.error();
  if (answer->status != 200)
    return Error(Errc::kUpstreamProtocol, "status " + std::to_string(answer->status));
  const std::lock_guard lock(mutex);
  if (keys != nullptr && answer->body == text) return {};
  Result<KeySet> parsed = KeySet::parse(answer->body);
  if (!parsed) return parsed.error();
  if (parsed->skipped() > 0) {
    TYKPP_LOG(warn, "jwt", "{} entries of a key set are of no use api_id={} url={}",
              parsed->skipped(), log::quoted(api_id), shownUrl(url));
  }
  keys = std::make_shared<const KeySet>(std::move(*parsed));
  text = std::move(answer->body);
  generation.fetch_add(1, std::memory_order_release);
  return {};
}

void KeySource::State::arrived(Result<client::Response> answer) {
  const Result<void> taken = take(answer);
  if (!taken) {
    TYKPP_LOG(err, "jwt", "a key set cannot be fetched: {} api_id={} url={}",
              taken.error().message(), log::quoted(api_id), shownUrl(url));
  }
  std::vector<Waiter> due;
  {
    const std::lock_guard lock(mutex);
    const Clock::time_point now = Clock::now();
    fetching = false;
    if (taken) {
      next_attempt = now;
      keep(now, lifetime, std::chrono::milliseconds(lifetime) / 4 * 3);
    } else {
      next_attempt = now + kAfterFailure;
      if (keys != nullptr) keep(now, kStale, kAfterFailure);
    }
    due.swap(waiters);
  }
  for (Waiter& waiter : due) {
    waiter.loop->post([wait = std::move(waiter.wait)] {
      if (const auto coroutine = std::exchange(wait->waiting, {}); coroutine) coroutine.resume();
    });
  }
}

bool KeySource::State::allowRefetch(Clock::time_point now) {
  const std::chrono::duration<double> passed = now - refilled;
  refetches = std::min(kMostRefetches, refetches + passed / kRefill);
  refilled = now;
  if (refetches < 1) return false;
  refetches -= 1;
  return true;
}

namespace {

/// Waits until the fetch that is under way has ended.
class Arrival {
 public:
  Arrival(KeySource::State& state, net::Loop& loop) : state_(state), loop_(loop) {}
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;
  ~Arrival() { wait_->waiting = {}; }  // whoever comes later finds nobody
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> coroutine) {
    const std::lock_guard lock(state_.mutex);
    if (!state_.fetching) return false;
    wait_->waiting = coroutine;
    state_.waiters.push_back({&loop_, wait_});
    return true;
  }
  void await_resume() const noexcept {}

 private:
  KeySource::State& state_;
  net::Loop& loop_;
  std::shared_ptr<Wait> wait_ = std::make_shared<Wait>();
};

}  // namespace

std::uint64_t KeySource::generation() const noexcept {
  return state_->generation.load(std::memory_order_acquire);
}

bool KeySource::fresh(Clock::time_point now) {
  const Clock::rep count = now.time_since_epoch().count();
  if (count < state_->ahead_at.load(std::memory_order_relaxed)) [[likely]]
    return true;
  bool start = false;
  {
    const std::lock_guard lock(state_->mutex);
    start = !state_->fetching && now >= state_->next_attempt;
    if (start) state_->fetching = true;
  }
  if (start) State::fetch(state_);
  return count < state_->good_until.load(std::memory_order_relaxed);
}

std::shared_ptr<const KeySet> KeySource::keys() const {
  const std::lock_guard lock(state_->mutex);
  return state_->keys;
}

net::Task<void> KeySource::refresh(net::Loop& loop) {
  const std::shared_ptr<State> state = state_;
  if (fresh(Clock::now())) co_return;
  Arrival arrival(*state, loop);
  co_await arrival;
}

net::Task<void> KeySource::refetch(net::Loop& loop) {
  const std::shared_ptr<State> state = state_;
  bool start = false;
  {
    const std::lock_guard lock(state->mutex);
    const Clock::time_point now = Clock::now();
    start = !state->fetching && now >= state->next_attempt && state->allowRefetch(now);
    if (start) state->fetching = true;
  }
  if (start) State::fetch(state);
  Arrival arrival(*state, loop);
  co_await arrival;
}

void KeySource::expire() {
  const std::lock_guard lock(state_->mutex);
  state_->next_attempt = {};
  state_->ahead_at.store(0, std::memory_order_relaxed);
  state_->good_until.store(0, std::memory_order_relaxed);
}

std::shared_ptr<KeySource> KeySets::source(const std::string& api_id, const std::string& url,
                                           std::optional<std::chrono::seconds> lifetime) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sources_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<KeySource>& place = sources_[{api_id, url}];
  std::shared_ptr<KeySource> source = place.lock();
  if (source == nullptr) {
    auto state = std::make_shared<KeySource::State>(client_, api_id, url, insecure_);
    state->lifetime = std::max(std::chrono::seconds(1), lifetime.value_or(lifetime_));
    source = std::make_shared<KeySource>(std::move(state));
    place = source;
  }
  return source;
}

void KeySets::invalidate(std::string_view api_id) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, place] : sources_) {
    const auto source = place.lock();
    if (source != nullptr && (api_id.empty() || name.first == api_id)) source->expire();
  }
}

}  // namespace tykpp::jwt
