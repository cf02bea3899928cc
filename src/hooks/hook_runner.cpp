#include "hooks/hook_runner.hpp"

#include "base/log.hpp"
#include "hooks/impl/auth_failure.hpp"
#include "http/content_sniff.hpp"

namespace tykpp::hooks {
namespace {

using drivers::Hook;
using drivers::HookVerdict;

/// Written by one worker, read by whoever sums: no read-modify-write needed.
class Counter {
 public:
  void bump() noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

Error unknownDriver(const std::string& driver, const drivers::DriverRegistry* registry) {
  std::string built;
  if (registry != nullptr) {
    for (const std::string_view name : registry->names()) {
      built += (built.empty() ? "" : ", ") + std::string(name);
    }
  }
  return Error(Errc::kNotBuilt, "driver " + log::quoted(driver) + " is not built; built drivers: " +
                                    (built.empty() ? "none" : built));
}

/// RAW answers without Content-Type get one from their first bytes, as a plugin of the original
/// gateway would.
void typeAnswer(http::Response& response) {
  if (response.body() == nullptr || response.headers.contains(http::HeaderId::kContentType)) return;
  const std::string_view type = http::sniffContentType(*response.body());
  if (!type.empty()) response.headers.set(http::HeaderId::kContentType, type);
}

/// Without its driver a hook can only refuse.
Error noDriverAnswer() {
  return Error(Errc::kBadPlugin, Side::kPlugin, 500, "Internal Server Error");
}

}  // namespace

/// On its own cache lines: a worker writes it at every request.
struct alignas(128) HookRunner::Slot {
  std::unique_ptr<drivers::BoundPlugin> bound;
  Counter calls, errors, timeouts, overruns, responded, skipped;
  LatencyHistogram latency;
  Clock::time_point last_line;
  std::uint64_t silent = 0;  // lines not written since
};

Result<std::unique_ptr<HookRunner>> HookRunner::create(const chain::BuildContext& build,
                                                       const definition::PluginRef& ref,
                                                       Hook hook) {
  drivers::PluginDriver* driver =
      build.drivers != nullptr ? build.drivers->find(ref.driver) : nullptr;
  if (driver == nullptr) {
    return create(build, ref, hook, drivers::hookName(hook),
                  {unknownDriver(ref.driver, build.drivers), noDriverAnswer()});
  }
  return create(build, ref, hook, drivers::hookName(hook),
                {driver->load(ref, hook, build.api), driver->brokenAnswer(hook)});
}

Result<std::unique_ptr<HookRunner>> HookRunner::create(const chain::BuildContext& build,
                                                       const definition::PluginRef& ref, Hook hook,
                                                       std::string_view place, Function function) {
  std::string broken;
  if (!function.loaded) {
    Error error = Error(function.loaded.error()).at(ref.pointer);
    if (build.broken == nullptr) return error;
    broken = error.message();
    build.broken->push_back(std::move(error));
  }
  std::unique_ptr<HookRunner> runner(new HookRunner(build, ref, hook, place, std::move(function)));
  runner->broken_ = std::move(broken);
  return runner;
}

HookRunner::HookRunner(const chain::BuildContext& build, const definition::PluginRef& ref,
                       Hook hook, std::string_view place, Function function)
    : ref_(ref),
      hook_(hook),
      place_(place),
      label_(std::string(place) + ":" + ref.name),
      api_id_(build.api.api_id),
      plugin_(function.loaded ? std::move(*function.loaded) : nullptr),
      refusal_(std::move(function.refusal)),
      events_(build.events),
      key_source_(build.api.custom_auth_source),
      slots_(std::make_unique<Slot[]>(build.workers)),
      slot_count_(build.workers) {}

HookRunner::~HookRunner() = default;

Result<HookVerdict> HookRunner::call(http::Exchange& exchange,
                                     drivers::TrafficRecord* record) const {
  const std::uint32_t worker = exchange.workerIndex();
  if (worker >= slot_count_) {
    return Error(Errc::kInternal, "a request came from a worker that does not exist");
  }
  Slot& slot = slots_[worker];
  slot.calls.bump();
  if (slot.bound == nullptr) [[unlikely]] {
    if (plugin_ == nullptr) return settle(slot, exchange, refusalFor(broken_));
    auto bound = plugin_->bind(worker);
    if (!bound) return settle(slot, exchange, refusalFor(bound.error().message()));
    slot.bound = std::move(*bound);
  }
  const Clock::time_point start = Clock::now();
  exchange.hook_started = start;
  drivers::HookCall call{hook_, exchange, record, start + ref_.timeout};
  Result<HookVerdict> verdict = slot.bound->call(call);
  // Nothing can end a synchronous call early; what it took too long is at least seen.
  const Clock::duration taken = Clock::now() - start;
  if (!verdict || *verdict != HookVerdict::kPending) slot.latency.record(taken);
  if (taken > ref_.timeout) [[unlikely]] {
    slot.overruns.bump();
    complainOfOverrun(slot, exchange, taken);
  }
  if (verdict && *verdict == HookVerdict::kContinue) [[likely]]
    return verdict;
  if (verdict && *verdict == HookVerdict::kPending) return verdict;
  return settle(slot, exchange, std::move(verdict));
}

net::Task<Result<HookVerdict>> HookRunner::finish(http::Exchange& exchange,
                                                  drivers::TrafficRecord* record) const {
  Slot& slot = slots_[exchange.workerIndex()];
  drivers::HookCall call{hook_, exchange, record, {}};
  Result<HookVerdict> verdict = co_await slot.bound->finish(call);
  slot.latency.record(Clock::now() - exchange.hook_started);
  co_return settle(slot, exchange, std::move(verdict));
}

Error HookRunner::refusalFor(const std::string& why) const {
  return Error(refusal_).withDetail("the plugin is not loaded: " + why);
}

Result<HookVerdict> HookRunner::settle(Slot& slot, http::Exchange& exchange,
                                       Result<HookVerdict> verdict) const {
  if (events_ != nullptr) noteRefusal(*events_, exchange, hook_, ref_, key_source_, verdict);
  if (verdict) {
    if (*verdict == HookVerdict::kRespond) {
      slot.responded.bump();
      typeAnswer(exchange.response());
    }
    return verdict;
  }
  if (verdict.error().code() == Errc::kClientGone) return verdict;  // nobody's fault
  if (verdict.error().code() == Errc::kForbidden && verdict.error().side() == Side::kPlugin) {
    // The plugin did its work: it refused.
    slot.responded.bump();
    return verdict;
  }
  slot.errors.bump();
  if (verdict.error().code() == Errc::kPluginTimeout) slot.timeouts.bump();
  complain(slot, exchange, verdict.error());
  if (ref_.on_error == definition::OnPluginError::kFail) return verdict;
  slot.skipped.bump();
  return HookVerdict::kContinue;
}

/// At most one line a second, hook and worker: a plugin that fails at every request must not fill
/// the disk.
bool HookRunner::mayLog(Slot& slot) const {
  const Clock::time_point now = Clock::now();
  if (slot.last_line != Clock::time_point{} && now - slot.last_line < std::chrono::seconds(1)) {
    ++slot.silent;
    return false;
  }
  slot.last_line = now;
  return true;
}

void HookRunner::complain(Slot& slot, const http::Exchange& exchange, const Error& error) const {
  if (!mayLog(slot)) return;
  const std::string& why = error.detail().empty() ? error.message() : error.detail();
  TYKPP_LOG(err, "plugin",
            "hook failed hook={} driver={} api_id={} request_id={} reason={} on_error={} silent={}",
            log::quoted(label_), log::quoted(ref_.driver), log::quoted(api_id_),
            exchange.requestId(), log::quoted(why),
            ref_.on_error == definition::OnPluginError::kSkip ? "skip" : "fail", slot.silent);
  slot.silent = 0;
}

void HookRunner::complainOfOverrun(Slot& slot, const http::Exchange& exchange,
                                   Clock::duration taken) const {
  if (!mayLog(slot)) return;
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  TYKPP_LOG(
      warn, "plugin",
      "hook blocked its worker hook={} api_id={} request_id={} took_ms={} budget_ms={} silent={}",
      log::quoted(label_), log::quoted(api_id_), exchange.requestId(),
      duration_cast<milliseconds>(taken).count(), ref_.timeout.count(), slot.silent);
  slot.silent = 0;
}

HookCounts HookRunner::counts() const noexcept {
  HookCounts sum;
  for (std::uint32_t i = 0; i < slot_count_; ++i) {
    const Slot& slot = slots_[i];
    sum.calls += slot.calls.get();
    sum.errors += slot.errors.get();
    sum.timeouts += slot.timeouts.get();
    sum.overruns += slot.overruns.get();
    sum.responded += slot.responded.get();
    sum.skipped += slot.skipped.get();
    slot.latency.addTo(sum.latency);
  }
  return sum;
}

}  // namespace tykpp::hooks
