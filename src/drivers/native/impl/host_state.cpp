// Host functions over what outlives a call: the gateway's texts, the end of a wait, and a request's
// state.
#include <array>
#include <mutex>

#include "drivers/native/impl/guard.hpp"
#include "drivers/native/impl/host_api.hpp"

namespace tykpp::drivers::native {
namespace {

/// Callbacks one call may ask for.
constexpr std::size_t kMaxGone = 64;

/// What gateway_text answers. Plugins keep the texts for the life of the process: none is freed.
std::array<std::atomic<const std::string*>, 2> gateway_texts{};

void setText(std::size_t field, std::string text) {
  const std::string* now = gateway_texts[field].load(std::memory_order_acquire);
  if (now != nullptr && *now == text) return;
  // A process has one configuration: this happens once.
  gateway_texts[field].store(new std::string(std::move(text)), std::memory_order_release);
}

}  // namespace

void setGatewayTexts(std::string version, std::string config) {
  setText(TYKPP_GATEWAY_VERSION, std::move(version));
  setText(TYKPP_GATEWAY_CONFIG, std::move(config));
}

std::int32_t hostGatewayText(std::int32_t field, tykpp_text_host* out) noexcept {
  if (out == nullptr || field < 0 || static_cast<std::size_t>(field) >= gateway_texts.size()) {
    return TYKPP_ERR_ARGUMENT;
  }
  const std::string* text =
      gateway_texts[static_cast<std::size_t>(field)].load(std::memory_order_acquire);
  return text != nullptr ? give(out, *text) : std::int32_t{TYKPP_ERR_NOT_FOUND};
}

std::int32_t hostOnGone(tykpp_call_host* call, void (*ended)(void*), void* context) noexcept {
  if (call == nullptr || ended == nullptr) return TYKPP_ERR_ARGUMENT;
  if (call->deferral == nullptr) return TYKPP_ERR_NOT_HERE;
  {
    Deferral& deferral = *call->deferral;
    const std::lock_guard lock(deferral.mutex);
    if (deferral.state == Deferral::State::kCompleted) return TYKPP_ERR_GONE;
    if (deferral.state == Deferral::State::kOpen) {
      if (deferral.gone.size() >= kMaxGone) return TYKPP_ERR_ARGUMENT;
      deferral.gone.push_back({ended, context});
      return TYKPP_OK;
    }
  }
  ended(context);  // unlocked: it may ask the host for more
  return TYKPP_OK;
}

std::int32_t hostStateGet(tykpp_call_host* call, void** out) noexcept {
  if (out == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.hook == Hook::kAnalytics) return TYKPP_ERR_NOT_HERE;
    const std::shared_ptr<void> state = stateOf(*live.exchange, live.facts->state_owner);
    if (state == nullptr) return TYKPP_ERR_NOT_FOUND;
    *out = state.get();
    return TYKPP_OK;
  });
}

std::int32_t hostStateSet(tykpp_call_host* call, void* state, void (*drop)(void*)) noexcept {
  std::shared_ptr<void> replaced;  // dropped unlocked: `drop` may call the host
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.hook == Hook::kAnalytics) return TYKPP_ERR_NOT_HERE;
    const void* const owner = live.facts->state_owner;
    replaced = stateOf(*live.exchange, owner);
    if (state != nullptr && replaced.get() == state) return TYKPP_OK;  // it is there, and owned
    std::shared_ptr<void> value;
    if (state != nullptr) {
      value = std::shared_ptr<void>(state, [drop](void* old) {
        if (drop != nullptr) drop(old);
      });
    }
    setState(*live.exchange, owner, std::move(value));
    live.changed |= kStateChanged;
    return TYKPP_OK;
  });
}

}  // namespace tykpp::drivers::native
