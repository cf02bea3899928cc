#include "drivers/native/impl/host_api.hpp"

#include <atomic>
#include <utility>

#include "base/log.hpp"
#include "drivers/native/impl/guard.hpp"
#include "drivers/native/impl/pending_table.hpp"

namespace tykpp::drivers::native {
namespace {

constexpr std::size_t kMaxLogBytes = 8192;

// Plugins cast these numbers; the enumeration must not move.
static_assert(static_cast<int>(Hook::kPre) == TYKPP_HOOK_PRE);
static_assert(static_cast<int>(Hook::kAuth) == TYKPP_HOOK_AUTH);
static_assert(static_cast<int>(Hook::kPostAuth) == TYKPP_HOOK_POST_AUTH);
static_assert(static_cast<int>(Hook::kPost) == TYKPP_HOOK_POST);
static_assert(static_cast<int>(Hook::kResponse) == TYKPP_HOOK_RESPONSE);
static_assert(static_cast<int>(Hook::kAnalytics) == TYKPP_HOOK_ANALYTICS);

std::int32_t hostHook(tykpp_call_host* call) noexcept {
  return withCall(call, [](tykpp_call_host& live) { return static_cast<std::int32_t>(live.hook); });
}

std::int32_t hostExplain(tykpp_call_host* call, tykpp_text_plugin reason) noexcept {
  if (!valid(reason)) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    live.reason = view(reason).substr(0, kMaxLogBytes);
    return TYKPP_OK;
  });
}

tykpp_completion_plugin* asHandle(std::uint64_t ticket) noexcept {
  return reinterpret_cast<tykpp_completion_plugin*>(static_cast<std::uintptr_t>(ticket));
}

tykpp_completion_plugin* hostDefer(tykpp_call_host* call) noexcept {
  if (call == nullptr || call->exchange == nullptr || call->deferral != nullptr) return nullptr;
  if (call->hook == Hook::kAnalytics || call->self == nullptr) return nullptr;
  http::Exchange& real = *call->exchange;
  auto deferral = std::make_unique<Deferral>(real.workerIndex());
  if (call->end == nullptr) {
    deferral->copy = std::make_unique<Deferral::Copy>(real);
    if (real.peer_certificates != nullptr) {
      deferral->copy->certificates = *real.peer_certificates;
      deferral->copy->exchange.peer_certificates = &*deferral->copy->certificates;
    }
    const bool response_body =
        call->responded || (call->hook == Hook::kResponse && call->facts->reads_body);
    copyExchange(real, deferral->copy->exchange, call->facts->state_owner,
                 call->hook <= Hook::kPost && call->facts->reads_body, response_body);
  }
  const std::uint64_t ticket = keepPending(*call->self, call->facts->max_pending);
  if (ticket == 0) {
    hostLog(call, TYKPP_LOG_ERROR, {"too many calls wait for plugins: this one cannot", 48});
    return nullptr;
  }
  deferral->ticket = ticket;
  deferral->deadline = call->deadline;
  if (deferral->copy != nullptr) {
    call->exchange = &deferral->copy->exchange;
    call->changed = 0;  // what was changed so far is in the worker's exchange already
  }
  call->deferral = std::move(deferral);
  return asHandle(ticket);
}

std::int32_t hostComplete(tykpp_completion_plugin* completion, std::int32_t verdict) noexcept {
  if (completion == nullptr) return TYKPP_ERR_ARGUMENT;
  std::shared_ptr<tykpp_call_host> call = takePending(reinterpret_cast<std::uintptr_t>(completion));
  if (call == nullptr) return TYKPP_ERR_GONE;
  Deferral& deferral = *call->deferral;
  {
    const std::lock_guard lock(deferral.mutex);
    if (deferral.state != Deferral::State::kOpen) return TYKPP_ERR_GONE;
    deferral.state = Deferral::State::kCompleted;
    deferral.verdict = verdict;
  }
  if (call->end != nullptr) {
    CallEnd& end = *call->end;
    end.completed(std::move(call));
    return TYKPP_OK;
  }
  const std::uint32_t worker = deferral.worker;
  const std::shared_ptr<ServicesGate> services = call->facts->services;
  services->post(worker, [call = std::move(call)] {
    // Absent when the hook's caller has not begun to wait, or does so no more.
    if (const auto waiter = std::exchange(call->deferral->waiter, {})) waiter.resume();
  });
  return TYKPP_OK;
}

}  // namespace

std::atomic<LogSink> log_sink{nullptr};

spdlog::level::level_enum severityOf(std::int32_t level) noexcept {
  return level <= TYKPP_LOG_DEBUG  ? spdlog::level::debug
         : level == TYKPP_LOG_INFO ? spdlog::level::info
         : level == TYKPP_LOG_WARN ? spdlog::level::warn
                                   : spdlog::level::err;
}

void hostLog(tykpp_call_host* call, std::int32_t level, tykpp_text_plugin text) noexcept {
  if (!valid(text)) return;
  if (const LogSink sink = log_sink.load(std::memory_order_relaxed); sink != nullptr) {
    sink(call, level, view(text).substr(0, kMaxLogBytes));
    return;
  }
  const auto severity = severityOf(level);
  spdlog::logger& logger = log::room("plugin");
  if (!logger.should_log(severity)) return;
  const std::string line = log::quoted(view(text).substr(0, kMaxLogBytes));
  if (call == nullptr || call->facts == nullptr) {
    logger.log(severity, "plugin says {}", line);
    return;
  }
  const std::uint64_t id = call->exchange != nullptr ? call->exchange->requestId() : 0;
  logger.log(severity, "plugin says {} plugin={} hook_name={} api_id={} request_id={}", line,
             log::quoted(call->facts->plugin), log::quoted(call->facts->hook_name),
             log::quoted(call->facts->api_id), id);
}

const tykpp_api_host kHostApi = {
    sizeof(tykpp_api_host), TYKPP_ABI_VERSION,  &hostLog,
    &hostExplain,           &hostHook,          &hostText,
    &hostTextSet,           &hostHeaderCount,   &hostHeaderAt,
    &hostHeaderGet,         &hostHeaderSet,     &hostHeaderAdd,
    &hostHeaderDelete,      &hostBodyGet,       &hostBodySet,
    &hostStatusGet,         &hostStatusSet,     &hostRespond,
    &hostSessionGet,        &hostSessionKey,    &hostSessionSet,
    &hostRecordText,        &hostRecordTextSet, &hostRecordNumber,
    &hostRecordNumberSet,   &hostDefer,         &hostComplete,
    &hostGatewayText,       &hostOnGone,        &hostStateGet,
    &hostStateSet,          &hostRecordGet,     &hostRecordSet,
};

}  // namespace tykpp::drivers::native
