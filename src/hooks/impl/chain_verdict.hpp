#pragma once
// What a hook's verdict means to the chain.

#include "chain/step.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::hooks {

inline Result<chain::Verdict> chainVerdict(const Result<drivers::HookVerdict>& verdict) {
  if (!verdict) return verdict.error();
  switch (*verdict) {
    case drivers::HookVerdict::kRespond:
      return chain::Verdict::kRespond;
    case drivers::HookVerdict::kPending:
      return chain::Verdict::kSuspend;
    default:
      return chain::Verdict::kContinue;
  }
}

}  // namespace tykpp::hooks
