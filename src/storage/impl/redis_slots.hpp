#pragma once
// Slots of a Redis cluster: which one a key has, and who owns each.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/impl/redis_link.hpp"

namespace tykpp::storage {

constexpr std::size_t kSlots = 16384;

/// CRC16 (XMODEM) of the key, or of what stands between its first `{` and the next `}` unless that
/// is empty, modulo the number of slots. Source: the cluster specification.
std::uint16_t slotOf(std::string_view key) noexcept;

/// A stretch of slots and its master.
struct SlotRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  Endpoint master;
};
/// The answer of `CLUSTER SLOTS`. @param asked  whose host stands for one that is not told
Result<std::vector<SlotRange>> parseSlots(const redisReply& reply, const Endpoint& asked);

/// `MOVED 3999 127.0.0.1:6381` and `ASK …`.
struct Redirect {
  enum class Kind : std::uint8_t { kNone, kMoved, kAsk, kTryAgain };
  Kind kind = Kind::kNone;
  std::uint16_t slot = 0;
  Endpoint to;
};
Redirect parseRedirect(std::string_view error_text, const Endpoint& asked);

}  // namespace tykpp::storage
