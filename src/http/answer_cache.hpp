#pragma once
// What the response cache decided about one request, on its way from the step that looks for a kept
// answer to whoever keeps the new one.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/exchange.hpp"

namespace tykpp::http {

/// In the exchange's arena. Views: there, or as long as the chain.
struct AnswerCache {
  std::string_view key;                  ///< name of the answer in the store
  std::span<const std::uint16_t> codes;  ///< statuses that are kept; empty: all
  std::int64_t timeout = 0;              ///< seconds, unless the upstream says otherwise
  bool hit = false;                      ///< the answer came from the store

  std::int64_t lifetime = 0;  ///< seconds that the answer is kept; 0: it is not
  std::string_view head;      ///< its status line and fields, without what frames the body
  /// What an answer to HEAD says of the body that it has not; nothing when it says nothing.
  std::optional<std::uint64_t> told_length;
};

/// Whether the answer is one that was kept.
inline bool cameFromCache(const Exchange& exchange) noexcept {
  return exchange.answer_cache != nullptr && exchange.answer_cache->hit;
}

}  // namespace tykpp::http
