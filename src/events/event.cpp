#include "events/event.hpp"

#include <ctime>

#include "base/base64.hpp"
#include "base/utc_time.hpp"
#include "events/impl/event_json.hpp"

namespace tykpp::events {
namespace {

using Json = nlohmann::ordered_json;

std::string rfc3339(std::chrono::system_clock::time_point time) {
  return utcTimeText(std::chrono::system_clock::to_time_t(time));
}

/// Writes the members of each shape behind Message and OriginatingRequest.
struct DetailWriter {
  EventType type;
  Json& meta;

  void operator()(const std::monostate&) const {}
  void operator()(const ClientDetails& details) const {
    meta["Path"] = details.path;
    meta["Origin"] = details.origin;
    meta["Key"] = details.key;
    if (type == EventType::kVersionFailure) meta["Reason"] = details.reason;
  }
  void operator()(const TriggerDetails& details) const {
    meta["org_id"] = details.org_id;
    meta["key"] = details.key;
    meta["trigger_limit"] = details.trigger_limit;
    meta["usage_percentage"] = details.usage_percentage;
  }
  void operator()(const BreakerDetails& details) const {
    meta["Path"] = details.path;
    meta["APIID"] = details.api_id;
    meta["CircuitEvent"] = details.reset ? 1 : 0;
  }
  void operator()(const HostDetails& details) const {
    Json info = Json::object();
    info["CheckURL"] = details.check_url;
    info["Protocol"] = details.protocol;
    info["Timeout"] = details.timeout.count();
    info["EnableProxyProtocol"] = details.enable_proxy_protocol;
    info["Commands"] = Json::array();
    for (const auto& [name, message] : details.commands)
      info["Commands"].push_back({{"Name", name}, {"Message", message}});
    info["Method"] = details.method;
    info["Headers"] = details.headers;
    info["Body"] = details.body;
    info["MetaData"] = details.meta_data;
    info["ResponseCode"] = details.response_code;
    info["Latency"] = details.latency;
    info["IsTCPError"] = details.is_tcp_error;
    meta["HostInfo"] = std::move(info);
  }
  void operator()(const TokenDetails& details) const {
    meta["Org"] = details.org;
    meta["Key"] = details.key;
  }
  void operator()(const CertificateDetails& details) const {
    const bool expired = type == EventType::kCertificateExpired;
    meta["CertID"] = details.id;
    meta["CertName"] = details.name;
    meta[expired ? "ExpiredAt" : "ExpiresAt"] = rfc3339(details.end);
    meta[expired ? "DaysSinceExpiry" : "DaysRemaining"] = details.days;
    meta["CertRole"] = details.role;
    meta["APIID"] = details.api_id;
  }
};

Json metaJson(const Event& event) {
  Json meta = Json::object();
  meta["Message"] = event.message;
  meta["OriginatingRequest"] = encodeBase64(event.request);
  std::visit(DetailWriter{event.type, meta}, event.details);
  return meta;
}

/// Bytes of requests need not be UTF-8.
std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct DetailSize {
  std::size_t operator()(const ClientDetails& details) const {
    return details.path.size() + details.origin.size() + details.key.size() + details.reason.size();
  }
  /// The others are small.
  template <class Other>
  std::size_t operator()(const Other&) const {
    return sizeof(Other);
  }
};

}  // namespace

std::size_t Event::bytes() const noexcept {
  return sizeof(Event) + name.size() + message.size() + request.size() +
         std::visit(DetailSize{}, details);
}

std::string metaText(const Event& event) { return dumped(metaJson(event)); }

std::string timeStamp(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const std::time_t seconds = system_clock::to_time_t(time);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char text[80];
  std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  std::string out(text, size);
  const auto rest = duration_cast<nanoseconds>(time.time_since_epoch() % std::chrono::seconds(1));
  std::string fraction = std::to_string(1'000'000'000 + rest.count()).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (!fraction.empty()) out += "." + fraction;
  size = std::strftime(text, sizeof text, " %z %Z", &local);
  return out.append(text, size);
}

nlohmann::ordered_json messageJson(const Event& event) {
  Json message = Json::object();
  message["Type"] = event.name;
  message["Meta"] = metaJson(event);
  message["TimeStamp"] = timeStamp(event.time);
  return message;
}

std::string pluginPayload(const Event& event, const std::string& handler_name) {
  Json payload = Json::object();
  payload["message"] = messageJson(event);
  payload["handler_name"] = handler_name;
  payload["spec"] = {{"APIID", event.api_id}, {"OrgID", event.org_id}};
  return dumped(payload);
}

}  // namespace tykpp::events
