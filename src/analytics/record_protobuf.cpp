#include "analytics/impl/json_parts.hpp"
#include "analytics/impl/protobuf_writer.hpp"
#include "analytics/record_format.hpp"

namespace tykpp::analytics {
namespace {

using http::TrafficRecord;

void writeInstant(ProtobufWriter& out, int field, std::int64_t seconds, std::int64_t nanoseconds) {
  out.message(field, [&](ProtobufWriter& instant) {
    instant.number(1, seconds);
    instant.number(2, nanoseconds);
  });
}

// Readers look into the messages below without asking whether they are there.

void writeLatency(ProtobufWriter& out, const TrafficRecord& record) {
  out.message(19, [&](ProtobufWriter& latency) {
    latency.number(1, record.latency_total_us / 1000);
    latency.number(2, record.latency_upstream_us / 1000);
  });
}

void writePlace(ProtobufWriter& out, const TrafficRecord& record) {
  const Json geo = parsedPart(record.geo);
  out.message(23, [&](ProtobufWriter& place) {
    place.message(1, [&](ProtobufWriter& country) {
      country.text(1, textOfPart(partOf(partOf(geo, "country"), "iso_code")));
    });
    place.message(2, [&](ProtobufWriter& city) {
      city.number(2, numberOfPart(partOf(partOf(geo, "city"), "geoname_id")) & UINT32_MAX);
    });
    place.message(3, [&](ProtobufWriter& location) {
      const Json& from = partOf(geo, "location");
      location.real(1, realOfPart(partOf(from, "latitude")));
      location.real(2, realOfPart(partOf(from, "longitude")));
      location.text(3, textOfPart(partOf(from, "time_zone")));
    });
  });
}

void writeNetwork(ProtobufWriter& out, const TrafficRecord& record) {
  out.message(24, [&](ProtobufWriter& network) {
    network.number(1, record.open_connections);
    network.number(2, record.closed_connections);
    network.number(3, record.bytes_in);
    network.number(4, record.bytes_out);
  });
}

void writeFields(ProtobufWriter& graph, const Json& types) {
  if (!types.is_object()) return;
  for (const auto& [name, fields] : types.items()) {
    graph.message(2, [&, &type = name, &list = fields](ProtobufWriter& entry) {
      entry.text(1, type);
      entry.message(2, [&](ProtobufWriter& value) {
        if (!list.is_array()) return;
        for (const Json& field : list) value.element(1, textOfPart(field));
      });
    });
  }
}

void writeGraph(ProtobufWriter& out, const TrafficRecord& record) {
  const Json stats = parsedPart(record.graphql_stats);
  if (!flagOfPart(partOf(stats, "is_graphql"))) return;
  out.message(32, [&](ProtobufWriter& graph) {
    graph.number(1, 1);
    writeFields(graph, partOf(stats, "types"));
    graph.number(3, numberOfPart(partOf(stats, "operation_type")));
    graph.text(4, textOfPart(partOf(stats, "variables")));
    if (const Json& roots = partOf(stats, "root_fields"); roots.is_array()) {
      for (const Json& root : roots) graph.element(5, textOfPart(root));
    }
    graph.number(6, flagOfPart(partOf(stats, "has_errors")) ? 1 : 0);
    if (const Json& errors = partOf(stats, "errors"); errors.is_array()) {
      for (const Json& error : errors) graph.element(7, textOfPart(partOf(error, "message")));
    }
  });
}

void writeMcp(ProtobufWriter& out, const TrafficRecord& record) {
  const Json stats = parsedPart(record.mcp_stats);
  if (!flagOfPart(partOf(stats, "is_mcp"))) return;
  out.message(33, [&](ProtobufWriter& mcp) {
    mcp.number(1, 1);
    mcp.text(2, textOfPart(partOf(stats, "jsonrpc_method")));
    mcp.text(3, textOfPart(partOf(stats, "primitive_type")));
    mcp.text(4, textOfPart(partOf(stats, "primitive_name")));
  });
}

}  // namespace

void appendProtobuf(const TrafficRecord& record, std::string& text) {
  ProtobufWriter out(text);
  out.text(1, record.host);
  out.text(2, record.method);
  out.text(3, record.path);
  out.text(4, record.raw_path);
  out.number(5, record.content_length);
  out.text(6, record.user_agent);
  out.number(7, record.day);
  out.number(8, record.month);
  out.number(9, record.year);
  out.number(10, record.hour);
  out.number(11, record.response_code);
  out.text(12, record.api_key);
  writeInstant(out, 13, record.timestamp, record.timestamp_ns);
  out.text(14, record.api_version);
  out.text(15, record.api_name);
  out.text(16, record.api_id);
  out.text(17, record.org_id);
  out.number(18, record.request_time_ms);
  writeLatency(out, record);
  out.text(20, record.raw_request);
  out.text(21, record.raw_response);
  out.text(22, record.ip_address);
  writePlace(out, record);
  writeNetwork(out, record);
  for (const std::string_view tag : record.tags) out.element(25, tag);
  out.text(26, record.alias);
  out.number(27, record.track_path);
  writeInstant(out, 28, record.expire_at, record.expire_at_ns);
  out.text(29, record.oauth_id);
  // Readers give both times this zone; without one that they know they lose them.
  out.text(30, "Local");
  out.text(31, record.api_schema);
  writeGraph(out, record);
  writeMcp(out, record);
  out.text(34, record.original_path);
  out.text(35, record.listen_path);
}

}  // namespace tykpp::analytics
