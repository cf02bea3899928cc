// Which member each built key of traffic records fills.

#include "definition/impl/config_setters.hpp"

namespace tykpp::definition::setters {
namespace {

/// Everything but MDCB means Redis, as in the reference.
std::string setSink(std::string& out, const Json& value) {
  if (lowered(text(value)) == "rpc") return "\"rpc\" (MDCB) is not built; leave it empty for Redis";
  out = text(value);
  return {};
}
/// Fewer than the default are the default, as in the reference.
std::string setBufferSize(std::int64_t& out, const Json& value) {
  constexpr std::int64_t kMin = 1000;
  constexpr std::int64_t kMax = 1'000'000;
  const auto given = value.get<std::int64_t>();
  if (given > kMax) return "has to be at most " + std::to_string(kMax);
  out = std::max(kMin, given);
  return {};
}
/// Nought and less leave the default. More than the most would not fit into one record.
std::string setBodySize(std::int64_t& out, const Json& value) {
  constexpr std::int64_t kMost = 4 * 1024 * 1024;
  if (value.get<std::int64_t>() > kMost) return "has to be at most " + std::to_string(kMost);
  return setLimit(out, value);
}
/// Nought is the default, less means for good.
std::string setLifetime(std::int64_t& out, const Json& value) {
  const auto given = value.get<std::int64_t>();
  if (given > kMaxSeconds) return "has to be at most " + std::to_string(kMaxSeconds);
  if (given != 0) out = given;
  return {};
}

// clang-format off
constexpr Binding kAnalyticsBindings[] = {
    TYKPP_BIND("enable_analytics", setFlag, enable_analytics),
    TYKPP_BIND("enable_separate_analytics_store", setFlag, enable_separate_analytics_store),
    TYKPP_BIND("analytics_config.type", setSink, analytics.type),
    TYKPP_BIND("analytics_config.ignored_ips", setList, analytics.ignored_ips),
    TYKPP_BIND("analytics_config.enable_detailed_recording", setFlag, analytics.enable_detailed_recording),
    TYKPP_BIND("analytics_config.normalise_urls.enabled", setFlag, analytics.normalise_urls.enabled),
    TYKPP_BIND("analytics_config.normalise_urls.normalise_uuids", setFlag, analytics.normalise_urls.normalise_uuids),
    TYKPP_BIND("analytics_config.normalise_urls.normalise_ulids", setFlag, analytics.normalise_urls.normalise_ulids),
    TYKPP_BIND("analytics_config.normalise_urls.normalise_numbers", setFlag, analytics.normalise_urls.normalise_numbers),
    TYKPP_BIND("analytics_config.normalise_urls.custom_patterns", setList, analytics.normalise_urls.custom_patterns),
    TYKPP_BIND("analytics_config.records_buffer_size", setBufferSize, analytics.records_buffer_size),
    TYKPP_BIND("analytics_config.storage_expiration_time", setLifetime, analytics.storage_expiration_time),
    TYKPP_BIND("analytics_config.enable_multiple_analytics_keys", setFlag, analytics.enable_multiple_analytics_keys),
    TYKPP_BIND("analytics_config.serializer_type", setOneOf, analytics.serializer_type, {"msgpack", "protobuf"}),
    TYKPP_BIND("analytics_config.max_recorded_body", setBodySize, analytics.max_recorded_body),
    TYKPP_BIND("db_app_conf_options.node_is_segmented", setFlag, identity.cluster.node_is_segmented),
    TYKPP_BIND("db_app_conf_options.tags", setList, identity.cluster.node_tags),
};
// clang-format on

}  // namespace

std::span<const Binding> analyticsBindings() { return kAnalyticsBindings; }

}  // namespace tykpp::definition::setters
