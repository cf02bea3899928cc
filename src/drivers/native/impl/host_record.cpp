// The whole traffic record as JSON, under the names it is stored by.
#include <cstdio>
#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"
#include "drivers/native/impl/guard.hpp"
#include "drivers/native/impl/host_api.hpp"

namespace tykpp::drivers::native {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 64;

struct TextField {
  const char* name;
  std::string_view TrafficRecord::*member;
};
constexpr TextField kTexts[] = {{"method", &TrafficRecord::method},
                                {"host", &TrafficRecord::host},
                                {"path", &TrafficRecord::path},
                                {"raw_path", &TrafficRecord::raw_path},
                                {"user_agent", &TrafficRecord::user_agent},
                                {"api_id", &TrafficRecord::api_id},
                                {"api_name", &TrafficRecord::api_name},
                                {"org_id", &TrafficRecord::org_id},
                                {"ip_address", &TrafficRecord::ip_address}};

/// RFC 3339, in UTC.
std::string timeText(std::int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm utc{};
  if (::gmtime_r(&time, &utc) == nullptr) return "1970-01-01T00:00:00Z";
  char text[40];
  text[std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)] = '\0';
  return text;
}

std::optional<std::int64_t> timeOf(const std::string& text) {
  std::tm utc{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') {
    do ++rest;
    while (*rest >= '0' && *rest <= '9');
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
  return ::timegm(&utc) - offset;
}

std::int64_t milliseconds(std::int64_t microseconds) { return microseconds / 1000; }

Json documentOf(const TrafficRecord& record) {
  Json document = Json::object();
  for (const TextField& field : kTexts) document[field.name] = record.*field.member;
  const std::time_t time = record.timestamp;
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  document["day"] = utc.tm_mday;
  document["month"] = utc.tm_mon + 1;
  document["year"] = utc.tm_year + 1900;
  document["hour"] = utc.tm_hour;
  document["timestamp"] = timeText(record.timestamp);
  document["response_code"] = record.response_code;
  document["content_length"] = record.content_length;
  document["request_time"] = milliseconds(record.latency_total_us);
  const std::int64_t own = record.latency_total_us - record.latency_upstream_us;
  document["latency"] = {{"total", milliseconds(record.latency_total_us)},
                         {"upstream", milliseconds(record.latency_upstream_us)},
                         {"gateway", milliseconds(own)}};
  return document;
}

/// Reads the fields that are there; nothing is taken over when one has another type.
class Reader {
 public:
  Reader(const Json& document, Arena& arena) : document_(document), arena_(arena) {}
  bool good() const noexcept { return good_; }

  void text(const char* name, std::string_view& out) {
    const Json* value = find(document_, name);
    if (value == nullptr) return;
    if (!value->is_string()) return fail();
    out = arena_.copy(value->get_ref<const std::string&>());
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
    if (given != shown && given < std::numeric_limits<std::int64_t>::max() / 1000) {
      microseconds = given * 1000;
    }
  }
  void latencies(TrafficRecord& record) {
    latency(document_, "request_time", record.latency_total_us);
    const Json* object = find(document_, "latency");
    if (object == nullptr) return;
    if (!object->is_object()) return fail();
    latency(*object, "total", record.latency_total_us);
    latency(*object, "upstream", record.latency_upstream_us);
  }
  void time(const char* name, std::int64_t& out) {
    const Json* value = find(document_, name);
    if (value == nullptr) return;
    const auto given =
        value->is_string() ? timeOf(value->get_ref<const std::string&>()) : std::nullopt;
    if (!given) return fail();
    out = *given;
  }

 private:
  static const Json* find(const Json& object, const char* name) {
    const auto at = object.find(name);
    return at == object.end() || at->is_null() ? nullptr : &*at;
  }
  void fail() { good_ = false; }

  const Json& document_;
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
    Reader reader(document, live.exchange->arena());
    for (const TextField& field : kTexts) reader.text(field.name, changed.*field.member);
    reader.number(document, "response_code", changed.response_code);
    reader.number(document, "content_length", changed.content_length);
    reader.latencies(changed);
    reader.time("timestamp", changed.timestamp);
    if (!reader.good()) return TYKPP_ERR_ARGUMENT;
    *live.record = changed;
    live.changed |= kRecordChanged;
    return TYKPP_OK;
  });
}

}  // namespace tykpp::drivers::native
