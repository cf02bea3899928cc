#pragma once
// Deferred calls by ticket. A plugin's completion is a ticket number and no pointer, so that one
// that is used twice, or years late, is recognised instead of followed.

#include <cstdint>
#include <memory>

#include "tykpp/plugin.h"

namespace tykpp::drivers::native {

/// Keeps a deferred call alive until the plugin completes it.
/// @return its ticket, or 0 when `limit` calls already wait. Thread: any.
std::uint64_t keepPending(std::shared_ptr<tykpp_call_host> call, std::size_t limit);
/// @return null when the ticket was used before. Thread: any.
std::shared_ptr<tykpp_call_host> takePending(std::uint64_t ticket);
/// Deferred calls that no plugin has completed yet, the ended ones among them. Thread: any.
std::size_t pendingCalls();

}  // namespace tykpp::drivers::native
