#pragma once
// A traffic record as it stands in calls and replies.

#include <algorithm>
#include <memory>
#include <memory_resource>

#include "base/arena.hpp"
#include "drivers/native/isolated/frame.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::native::isolated {

/// More tags than that no frame has.
inline constexpr std::uint32_t kMaxTags = 1U << 16;

/// Writes every field.
inline void writeRecord(FrameWriter& frame, const TrafficRecord& record) {
  for (const auto member : http::kTrafficTexts) frame.text(record.*member);
  for (const auto member : http::kTrafficNumbers) frame.number(record.*member);
  frame.number(record.response_code);
  const auto tags = record.tags.first(std::min<std::size_t>(record.tags.size(), kMaxTags));
  frame.number(static_cast<std::uint32_t>(tags.size()));
  for (const std::string_view tag : tags) frame.text(tag);
}

/// Reads what writeRecord wrote. @param arena  where the list of tags is kept
/// @param copy  whether texts are kept there, too; else they stay views into the frame
inline void readRecord(FrameReader& frame, TrafficRecord& record, Arena& arena, bool copy) {
  const auto text = [&] {
    const std::string_view view = frame.text();
    return copy ? arena.copy(view) : view;
  };
  for (const auto member : http::kTrafficTexts) record.*member = text();
  for (const auto member : http::kTrafficNumbers) record.*member = frame.number<std::int64_t>();
  record.response_code = frame.number<std::uint16_t>();
  const auto count = frame.number<std::uint32_t>();
  if (count > kMaxTags) return frame.fail();
  record.tags = {};
  if (count == 0) return;
  const std::span<std::string_view> tags(
      std::pmr::polymorphic_allocator<std::string_view>(&arena).allocate(count), count);
  for (std::string_view& tag : tags) std::construct_at(&tag, text());
  record.tags = tags;
}

}  // namespace tykpp::drivers::native::isolated
