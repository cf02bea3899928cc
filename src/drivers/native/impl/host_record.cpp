// The whole traffic record as JSON, under the names it is stored by.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <memory>
#include <memory_resource>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"
#include "drivers/native/impl/guard.hpp"
#include "drivers/native/impl/host_api.hpp"

namespace tykpp::drivers::native {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxTags = 4096;
constexpr std::int64_t kSecond = 1'000'000'000;

template <class Value>
struct Field {
  const char* name;
  Value TrafficRecord::*member;
};
constexpr Field<std::string_view> kTexts[] = {{"method", &TrafficRecord::method},
                                              {"host", &TrafficRecord::host},
                                              {"path", &TrafficRecord::path},
                                              {"raw_path", &TrafficRecord::raw_path},
                                              {"user_agent", &TrafficRecord::user_agent},
                                              {"api_id", &TrafficRecord::api_id},
                                              {"api_name", &TrafficRecord::api_name},
                                              {"org_id", &TrafficRecord::org_id},
                                              {"ip_address", &TrafficRecord::ip_address},
                                              {"api_key", &TrafficRecord::api_key},
                                              {"api_version", &TrafficRecord::api_version},
                                              {"oauth_id", &TrafficRecord::oauth_id},
                                              {"alias", &TrafficRecord::alias},
                                              {"api_schema", &TrafficRecord::api_schema},
                                              {"raw_request", &TrafficRecord::raw_request},
                                              {"raw_response", &TrafficRecord::raw_response},
                                              {"original_path", &TrafficRecord::original_path},
                                              {"listen_path", &TrafficRecord::listen_path}};
constexpr Field<std::int64_t> kNumbers[] = {{"content_length", &TrafficRecord::content_length},
                                            {"day", &TrafficRecord::day},
                                            {"month", &TrafficRecord::month},
                                            {"year", &TrafficRecord::year},
                                            {"hour", &TrafficRecord::hour},
                                            {"request_time", &TrafficRecord::request_time_ms}};
constexpr Field<std::int64_t> kNetwork[] = {
    {"open_connections", &TrafficRecord::open_connections},
    {"closed_connections", &TrafficRecord::closed_connections},
    {"bytes_in", &TrafficRecord::bytes_in},
    {"bytes_out", &TrafficRecord::bytes_out}};
constexpr Field<std::int64_t> kLatencies[] = {{"total", &TrafficRecord::latency_total_us},
                                              {"upstream", &TrafficRecord::latency_upstream_us},
                                              {"gateway", &TrafficRecord::latency_gateway_us}};
/// Kept as the JSON text that a plugin wrote.
constexpr Field<std::string_view> kObjects[] = {{"geo", &TrafficRecord::geo},
                                                {"graphql_stats", &TrafficRecord::graphql_stats},
                                                {"mcp_stats", &TrafficRecord::mcp_stats}};

/// RFC 3339, in UTC.
std::string timeText(std::int64_t unix_seconds, std::int64_t nanoseconds) {
  const std::time_t time = unix_seconds;
  std::tm utc{};
  if (::gmtime_r(&time, &utc) == nullptr) return "1970-01-01T00:00:00Z";
  char text[64];
  std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  if (nanoseconds > 0 && nanoseconds < kSecond) {
    size += static_cast<std::size_t>(
        std::snprintf(text + size, sizeof text - size, ".%09d", static_cast<int>(nanoseconds)));
  }
  return std::string(text, size) + "Z";
}

/// A point in time: unix seconds, nanoseconds of that second.
struct Instant {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

std::optional<Instant> timeOf(const std::string& text) {
  std::tm utc{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  if (rest == nullptr) return std::nullopt;
  std::int64_t nanoseconds = 0;
  if (*rest == '.') {
    std::int64_t unit = kSecond;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest) {
      unit /= 10;
      nanoseconds += (*rest - '0') * unit;
    }
  }
  std::int64_t offset = 0;
  if (*rest == '+' || *rest == '-') {
    int hours = 0;
    int minutes = 0;
    if (std::sscanf(rest + 1, "%2d:%2d", &hours, &minutes) != 2) return std::nullopt;
    offset = (*rest == '-' ? -60 : 60) * (hours * 60 + minutes);
  } else if (*rest != 'Z') {
    return std::nullopt;
  }
  return Instant{::timegm(&utc) - offset, nanoseconds};
}

std::int64_t milliseconds(std::int64_t microseconds) { return microseconds / 1000; }

Json documentOf(const TrafficRecord& record) {
  Json document = Json::object();
  for (const auto& field : kTexts) document[field.name] = record.*field.member;
  for (const auto& field : kNumbers) document[field.name] = record.*field.member;
  for (const auto& field : kNetwork) document["network"][field.name] = record.*field.member;
  for (const auto& field : kLatencies)
    document["latency"][field.name] = milliseconds(record.*field.member);
  for (const auto& field : kObjects) {
    if (Json object = Json::parse(record.*field.member, nullptr, false); object.is_object())
      document[field.name] = std::move(object);
  }
  document["response_code"] = record.response_code;
  document["timestamp"] = timeText(record.timestamp, record.timestamp_ns);
  document["expireAt"] = timeText(record.expire_at, record.expire_at_ns);
  document["track_path"] = record.track_path != 0;
  document["tags"] = Json::array();
  for (const std::string_view tag : record.tags) document["tags"].push_back(tag);
  return document;
}

/// Reads the fields that are there; nothing is taken over when one has another type.
class Reader {
 public:
  Reader(const Json& document, TrafficRecord& record, Arena& arena)
      : document_(document), record_(record), arena_(arena) {}

  /// @return whether every field was of its type
  bool read() {
    for (const auto& field : kTexts) text(field);
    for (const auto& field : kNumbers) number(document_, field.name, record_.*field.member);
    forEach("network", kNetwork, [this](const Json& object, const Field<std::int64_t>& field) {
      number(object, field.name, record_.*field.member);
    });
    forEach("latency", kLatencies, [this](const Json& object, const Field<std::int64_t>& field) {
      latency(object, field.name, record_.*field.member);
    });
    for (const auto& field : kObjects) object(field);
    number(document_, "response_code", record_.response_code);
    time("timestamp", record_.timestamp, record_.timestamp_ns);
    time("expireAt", record_.expire_at, record_.expire_at_ns);
    tracked();
    tags();
    return good_;
  }

 private:
  void text(const Field<std::string_view>& field) {
    const Json* value = find(document_, field.name);
    if (value == nullptr) return;
    if (!value->is_string()) return fail();
    record_.*field.member = arena_.copy(value->get_ref<const std::string&>());
  }
  template <class Int>
  void number(const Json& object, const char* name, Int& out) {
    const Json* value = find(object, name);
    if (value == nullptr) return;
    if (!value->is_number_integer()) return fail();
    const auto given = value->get<std::int64_t>();
    if (given < std::numeric_limits<Int>::min() ||
        given > static_cast<std::int64_t>(std::numeric_limits<Int>::max())) {
      return fail();
    }
    out = static_cast<Int>(given);
  }
  /// A time in milliseconds over one that is kept in microseconds: what the plugin was shown and
  /// gives back as it was keeps its digits.
  void latency(const Json& object, const char* name, std::int64_t& microseconds) {
    const std::int64_t shown = milliseconds(microseconds);
    std::int64_t given = shown;
    number(object, name, given);
    if (given != shown && std::abs(given) < std::numeric_limits<std::int64_t>::max() / 1000) {
      microseconds = given * 1000;
    }
  }
  template <class Fields, class Read>
  void forEach(const char* name, const Fields& fields, Read&& read) {
    const Json* value = find(document_, name);
    if (value == nullptr) return;
    if (!value->is_object()) return fail();
    for (const auto& field : fields) read(*value, field);
  }
  void object(const Field<std::string_view>& field) {
    const Json* value = find(document_, field.name);
    if (value == nullptr) return;
    if (!value->is_object()) return fail();
    record_.*field.member =
        arena_.copy(value->dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  void time(const char* name, std::int64_t& seconds, std::int64_t& nanoseconds) {
    const Json* value = find(document_, name);
    if (value == nullptr) return;
    const auto given =
        value->is_string() ? timeOf(value->get_ref<const std::string&>()) : std::nullopt;
    if (!given) return fail();
    seconds = given->seconds;
    nanoseconds = given->nanoseconds;
  }
  void tracked() {
    const Json* value = find(document_, "track_path");
    if (value == nullptr) return;
    if (!value->is_boolean()) return fail();
    record_.track_path = value->get<bool>() ? 1 : 0;
  }
  void tags() {
    const auto at = document_.find("tags");
    if (at == document_.end()) return;
    record_.tags = {};
    if (at->is_null() || at->empty()) return;
    if (!at->is_array() || at->size() > kMaxTags) return fail();
    std::pmr::polymorphic_allocator<std::string_view> memory(&arena_);
    const std::span<std::string_view> list(memory.allocate(at->size()), at->size());
    std::size_t next = 0;
    for (const Json& tag : *at) {
      if (!tag.is_string()) return fail();
      std::construct_at(&list[next++], arena_.copy(tag.get_ref<const std::string&>()));
    }
    record_.tags = list;
  }

  static const Json* find(const Json& object, const char* name) {
    const auto at = object.find(name);
    return at == object.end() || at->is_null() ? nullptr : &*at;
  }
  void fail() { good_ = false; }

  const Json& document_;
  TrafficRecord& record_;
  Arena& arena_;
  bool good_ = true;
};

}  // namespace

std::int32_t hostRecordGet(tykpp_call_host* call, tykpp_text_host* json) noexcept {
  if (json == nullptr) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.record == nullptr) return TYKPP_ERR_NOT_HERE;
    const std::string text =
        documentOf(*live.record).dump(-1, ' ', false, Json::error_handler_t::replace);
    return give(json, live.exchange->arena().copy(text));
  });
}

std::int32_t hostRecordSet(tykpp_call_host* call, tykpp_text_plugin json) noexcept {
  if (!valid(json)) return TYKPP_ERR_ARGUMENT;
  return withCall(call, [&](tykpp_call_host& live) -> std::int32_t {
    if (live.record == nullptr) return TYKPP_ERR_NOT_HERE;
    if (jsonDeeperThan(view(json), kMaxDepth)) return TYKPP_ERR_ARGUMENT;
    const Json document = Json::parse(view(json), nullptr, false);
    if (!document.is_object()) return TYKPP_ERR_ARGUMENT;
    TrafficRecord changed = *live.record;
    if (!Reader(document, changed, live.exchange->arena()).read()) return TYKPP_ERR_ARGUMENT;
    *live.record = changed;
    live.changed |= kRecordChanged;
    return TYKPP_OK;
  });
}

}  // namespace tykpp::drivers::native
