#include "analytics/api_traffic.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/ascii.hpp"
#include "definition/traffic_rules.hpp"
#include "definition/version_rules.hpp"
#include "http/answer_cache.hpp"
#include "http/client_address.hpp"
#include "http/upstream_change.hpp"
#include "session/key_hash.hpp"
#include "session/session_state.hpp"

namespace tykpp::analytics {
namespace {

using http::HeaderId;
using http::TrafficRecord;

/// A hundred years: what counts as for good.
constexpr std::int64_t kForGood = 36500LL * 24 * 3600;
/// What no key at all hashes to.
constexpr std::string_view kNoKeyHash = "00000000";

std::int64_t microseconds(Clock::duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

std::string_view versionOf(const definition::ApiSpec& spec) noexcept {
  if (!spec.version_name.empty()) return spec.version_name;
  // One whose versions are other APIs, and that was not left for one of them.
  if (spec.versioning != nullptr && !spec.versioning->own_name.empty()) {
    return spec.versioning->own_name;
  }
  return "Non Versioned";
}

std::string_view withSlash(std::string_view path, Arena& arena) {
  return path.starts_with('/') ? path : arena.concat("/", path);
}

}  // namespace

TrafficSettings::TrafficSettings(const definition::GatewayConfig& gateway)
    : config(gateway), normaliser(gateway.analytics.normalise_urls) {}

bool TrafficSettings::ignores(std::string_view address) const noexcept {
  const auto& list = config.analytics.ignored_ips;
  return std::find(list.begin(), list.end(), address) != list.end();
}

RecordedRequest recordedRequest(http::Exchange& exchange, const definition::ApiSpec& spec,
                                Ending ending) {
  Arena& arena = exchange.arena();
  const http::Request* request = &exchange.request();
  RecordedRequest out;
  out.method = request->method;
  std::optional<http::Request> rewritten;
  if (const http::UpstreamChange* change = exchange.upstream_change; change != nullptr) {
    if (!change->method.empty()) out.method = change->method;
    if (change->rewritten && rewritten.emplace(arena).setTarget(change->target)) {
      request = &*rewritten;
      out.host = change->authority;
    }
  }
  const std::string_view listen = exchange.listen_path_match;
  // An answer in place of the upstream is recorded before the path is cut, as in the reference.
  const bool cuts = spec.strip_listen_path && ending != Ending::kStep;
  const std::size_t cut = cuts && request->path.starts_with(listen) ? listen.size() : 0;
  const std::string_view path = request->path.substr(cut);
  const bool same_front = request->raw_path.substr(0, cut) == request->path.substr(0, cut);
  out.path = withSlash(path, arena);
  out.raw_path = withSlash(same_front ? request->raw_path.substr(cut) : path, arena);
  out.query = request->query;
  out.has_query = request->has_query;
  return out;
}

TrafficRecord recordOf(const http::Exchange& exchange, const definition::ApiSpec& spec) {
  const http::Request& request = exchange.request();
  TrafficRecord record;
  record.method = request.method;
  record.host = spec.target.host_header;
  record.path = request.path;
  record.raw_path = request.path;
  record.user_agent = request.headers.get(HeaderId::kUserAgent);
  record.api_id = spec.api_id;
  record.api_name = spec.name;
  record.org_id = spec.org_id;
  record.api_version = versionOf(spec);
  record.ip_address = exchange.peer.address;
  record.content_length = request.framing == http::BodyFraming::kChunked
                              ? -1
                              : static_cast<std::int64_t>(request.content_length);
  record.timestamp = unixSeconds();
  return record;
}

ApiTraffic::ApiTraffic(const definition::ApiSpec& spec,
                       std::shared_ptr<const TrafficSettings> settings)
    : spec_(spec), settings_(std::move(settings)) {}

bool ApiTraffic::records(const http::Exchange& exchange) const noexcept {
  if (exchange.unrecorded) return false;
  const definition::GatewayConfig& config = settings_->config;
  if (config.analytics.ignored_ips.empty()) return true;
  return !settings_->ignores(http::clientAddress(exchange, config.http_server_options.xff_depth));
}

bool ApiTraffic::isDetailed(const http::Exchange& exchange) const noexcept {
  const http::Headers& headers = exchange.request().headers;
  // What goes on for as long as both sides like is recorded without what was said.
  if (headers.contains(HeaderId::kUpgrade) ||
      headers.get(HeaderId::kContentType).starts_with("application/grpc")) {
    return false;
  }
  if (spec_.traffic != nullptr && spec_.traffic->detailed) return true;
  if (exchange.session != nullptr && exchange.session->data().detailedRecording()) return true;
  return settings_->config.analytics.enable_detailed_recording;
}

void ApiTraffic::fillTime(LocalClock& clock, TrafficRecord& record) const {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  record.timestamp = now / kSecond;
  record.timestamp_ns = now % kSecond;
  const std::tm& calendar = clock.at(record.timestamp);
  record.day = calendar.tm_mday;
  record.month = calendar.tm_mon + 1;
  record.year = calendar.tm_year + 1900;
  record.hour = calendar.tm_hour;
  const std::int64_t wanted = spec_.traffic != nullptr ? spec_.traffic->expire_after : 0;
  record.expire_at = record.timestamp + (wanted > 0 ? std::min(wanted, kForGood) : kForGood);
  record.expire_at_ns = record.timestamp_ns;
}

void ApiTraffic::addSessionTags(const http::Exchange& exchange, Arena& arena, Tags& tags) const {
  if (exchange.session == nullptr) return;
  const session::SessionState& session = *exchange.session;
  tags.insert(tags.end(), session.tags().begin(), session.tags().end());
  const session::SessionData& data = session.data();
  for (const std::string& policy : data.apply_policies)
    tags.push_back(arena.concat("pol-", policy));
  if (data.apply_policies.empty() && !data.apply_policy_id.empty()) {
    tags.push_back(arena.concat("pol-", data.apply_policy_id));
  }
  for (const auto& [name, value] : session.metadata()) {
    if (name == "tyk_developer_id") tags.push_back(arena.concat("dev-", value));
  }
}

void ApiTraffic::addHeaderTags(const http::Exchange& exchange, Arena& arena, Tags& tags) const {
  for (const std::string& wanted : spec_.traffic->tag_headers) {
    for (const http::HeaderField& field : exchange.request().headers) {
      // The name is in lower case, or it finds nothing.
      const bool same =
          field.id != HeaderId::kHost &&
          std::equal(field.name.begin(), field.name.end(), wanted.begin(), wanted.end(),
                     [](char given, char lower) { return toLower(given) == lower; });
      if (same) tags.push_back(arena.concat(wanted, "-", field.value));
    }
  }
}

void ApiTraffic::fill(http::Exchange& exchange, Ending ending, Clock::duration took,
                      LocalClock& clock, TrafficRecord& record) const {
  Arena& arena = exchange.arena();
  const definition::GatewayConfig& config = settings_->config;
  record = recordOf(exchange, spec_);
  fillTime(clock, record);
  const RecordedRequest request = recordedRequest(exchange, spec_, ending);
  record.method = request.method;
  if (!request.host.empty()) record.host = request.host;
  record.raw_path = request.path;
  record.path = request.path;
  if (!exchange.tracked_path.empty()) {
    record.track_path = 1;
    record.path = exchange.tracked_path;
  }
  if (config.analytics.normalise_urls.enabled) {
    std::string path(record.path);
    settings_->normaliser.apply(path);
    record.path = arena.copy(path);
  }
  record.ip_address = http::clientAddress(exchange, config.http_server_options.xff_depth);
  record.response_code = exchange.response().status;
  record.latency_total_us = microseconds(took);
  if (ending == Ending::kUpstream) record.latency_upstream_us = exchange.upstream_time.count();
  record.request_time_ms = record.latency_total_us / 1000;
  // Whole milliseconds add up, as they do in the reference.
  record.latency_gateway_us = (record.request_time_ms - record.latency_upstream_us / 1000) * 1000;
  if (exchange.session != nullptr) {
    record.api_key = exchange.session->token();
    record.alias = exchange.session->alias();
    record.oauth_id = exchange.session->data().oauth_client_id;
  }
  Tags tags(&arena);
  addSessionTags(exchange, arena, tags);
  if (spec_.traffic != nullptr) {
    addHeaderTags(exchange, arena, tags);
    tags.insert(tags.end(), spec_.traffic->tags.begin(), spec_.traffic->tags.end());
  }
  if (http::cameFromCache(exchange)) tags.push_back("cached-response");
  record.tags = std::span<const std::string_view>(tags);  // the arena keeps them
}

void ApiTraffic::complete(http::Exchange& exchange, TrafficRecord& record) const {
  Arena& arena = exchange.arena();
  const definition::IdentityConfig& identity = settings_->config.identity;
  if (identity.keys.hash_keys) {
    record.api_key =
        record.api_key.empty() ? kNoKeyHash : arena.copy(session::hashToken(record.api_key));
  }
  const auto& node_tags = identity.cluster.node_tags;
  Tags tags(&arena);
  tags.reserve(record.tags.size() + node_tags.size() + 3);
  tags.insert(tags.end(), record.tags.begin(), record.tags.end());
  if (identity.cluster.node_is_segmented) {
    tags.insert(tags.end(), node_tags.begin(), node_tags.end());
  }
  if (!record.api_key.empty()) tags.push_back(arena.concat("key-", record.api_key));
  if (!record.org_id.empty()) tags.push_back(arena.concat("org-", record.org_id));
  tags.push_back(arena.concat("api-", record.api_id));
  record.tags = std::span<const std::string_view>(tags);
  record.path = withSlash(record.path, arena);
  record.raw_path = withSlash(record.raw_path, arena);
  if (!record.original_path.empty()) {
    record.original_path = withSlash(record.original_path, arena);
  }
}

}  // namespace tykpp::analytics
