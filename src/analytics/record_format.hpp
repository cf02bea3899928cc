#pragma once
// Records as pumps read them from the store.

#include <string>

#include "http/traffic_record.hpp"

namespace tykpp::analytics {

/// Appends the record as a MessagePack map, the names those of the reference's record, in its
/// order. `original_path` and `listen_path` are left out when both are empty, as the reference's
/// releases up to 5.13 do.
void appendMsgPack(const http::TrafficRecord& record, std::string& out);

/// Appends the record as the proto3 message that pumps know by `serializer_type: protobuf`. What
/// that form has no place for is left out: names of places, the gateway's part of the latency.
void appendProtobuf(const http::TrafficRecord& record, std::string& out);

}  // namespace tykpp::analytics
