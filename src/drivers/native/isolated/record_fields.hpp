#pragma once
// A traffic record as it stands in calls and replies.

#include "base/arena.hpp"
#include "drivers/native/isolated/frame.hpp"
#include "drivers/plugin_driver.hpp"

namespace tykpp::drivers::native::isolated {

inline constexpr std::string_view TrafficRecord::*kRecordTexts[] = {
    &TrafficRecord::method,   &TrafficRecord::host,       &TrafficRecord::path,
    &TrafficRecord::raw_path, &TrafficRecord::user_agent, &TrafficRecord::api_id,
    &TrafficRecord::api_name, &TrafficRecord::org_id,     &TrafficRecord::ip_address};
inline constexpr std::int64_t TrafficRecord::*kRecordNumbers[] = {
    &TrafficRecord::content_length, &TrafficRecord::latency_total_us,
    &TrafficRecord::latency_upstream_us, &TrafficRecord::timestamp};

/// Writes every field.
inline void writeRecord(FrameWriter& frame, const TrafficRecord& record) {
  for (const auto member : kRecordTexts) frame.text(record.*member);
  for (const auto member : kRecordNumbers) frame.number(record.*member);
  frame.number(record.response_code);
}

/// Reads what writeRecord wrote. @param arena  where texts are kept; null: they stay views into the
/// frame
inline void readRecord(FrameReader& frame, TrafficRecord& record, Arena* arena) {
  for (const auto member : kRecordTexts) {
    const std::string_view text = frame.text();
    record.*member = arena != nullptr ? arena->copy(text) : text;
  }
  for (const auto member : kRecordNumbers) record.*member = frame.number<std::int64_t>();
  record.response_code = frame.number<std::uint16_t>();
}

}  // namespace tykpp::drivers::native::isolated
