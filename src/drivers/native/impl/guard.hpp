#pragma once
// What every host function does first.

#include <mutex>
#include <string_view>

#include "drivers/native/impl/call_host.hpp"

namespace tykpp::drivers::native {

inline bool valid(tykpp_text_plugin text) noexcept {
  return text.data != nullptr || text.size == 0;
}
inline std::string_view view(tykpp_text_plugin text) noexcept {
  return text.size == 0 ? std::string_view{} : std::string_view(text.data, text.size);
}
inline std::int32_t give(tykpp_text_host* out, std::string_view text) noexcept {
  *out = {text.data(), text.size()};
  return TYKPP_OK;
}

/// Runs `use(call)` when the call is alive: at once inside the hook, under its lock once deferred.
template <class Use>
std::int32_t withCall(tykpp_call_host* call, Use&& use) {
  if (call == nullptr) return TYKPP_ERR_ARGUMENT;
  if (call->deferral == nullptr) {
    return call->exchange != nullptr ? use(*call) : std::int32_t{TYKPP_ERR_GONE};
  }
  const std::lock_guard lock(call->deferral->mutex);
  if (call->deferral->state != Deferral::State::kOpen) return TYKPP_ERR_GONE;
  return use(*call);
}

}  // namespace tykpp::drivers::native
