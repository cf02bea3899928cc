// Which member each built key of keys, policies, limits and the store fills.

#include "definition/impl/config_setters.hpp"

namespace tykpp::definition::setters {
namespace {

/// Nought leaves the default, as in the reference; shorter than one nothing can be.
std::string setLength(int& out, const Json& value) {
  const auto given = value.get<std::int64_t>();
  if (given > 1'000) return "has to be at most 1000";
  if (given > 0) out = static_cast<int>(given);
  return {};
}
/// Nought leaves the default.
std::string setStatus(int& out, const Json& value) {
  return value.get<std::int64_t>() == 0 ? std::string{} : setCount(out, value, 200, 599);
}
std::string setSource(std::string& out, const Json& value) {
  const std::string given = text(value);
  if (given == "service" || given == "rpc") {
    return "\"" + given + "\" needs a dashboard; policies are read from files";
  }
  out = "file";
  return {};
}
std::string setNumber(std::int64_t& out, const Json& value) {
  out = value.get<std::int64_t>();
  return {};
}
/// The loader reads them: a name that nobody has is told and does not stop the start.
std::string setMessages(std::shared_ptr<const ErrorMessages>& out, const Json& /*value*/) {
  out = nullptr;
  return {};
}
/// Nought and less: the default.
std::string setFactor(double& out, const Json& value) {
  if (const auto given = value.get<double>(); given > 0) out = given;
  return {};
}

// clang-format off
constexpr Binding kBindings[] = {
    TYKPP_BIND("policies.policy_source", setSource, identity.policies.policy_source),
    TYKPP_BIND("policies.policy_path", setText, identity.policies.policy_path),
    TYKPP_BIND("policies.policy_record_name", setText, identity.policies.policy_record_name),
    TYKPP_BIND("force_global_session_lifetime", setFlag, identity.sessions.force_global_session_lifetime),
    TYKPP_BIND("global_session_lifetime", setNumber, identity.sessions.global_session_lifetime),
    TYKPP_BIND("session_lifetime_respects_key_expiration", setFlag, identity.sessions.session_lifetime_respects_key_expiration),
    TYKPP_BIND("local_session_cache.disable_cached_session_state", setFlag, identity.sessions.disable_cached_session_state),
    TYKPP_BIND("enable_redis_rolling_limiter", setFlag, identity.limiter.enable_redis_rolling_limiter),
    TYKPP_BIND("enable_sentinel_rate_limiter", setFlag, identity.limiter.enable_sentinel_rate_limiter),
    TYKPP_BIND("enable_fixed_window_rate_limiter", setFlag, identity.limiter.enable_fixed_window_rate_limiter),
    TYKPP_BIND("enable_rate_limit_smoothing", setFlag, identity.limiter.enable_rate_limit_smoothing),
    TYKPP_BIND("enable_non_transactional_rate_limiter", setFlag, identity.limiter.enable_non_transactional_rate_limiter),
    TYKPP_BIND("drl_notification_frequency", setSeconds, identity.limiter.drl_notification_frequency),
    TYKPP_BIND("drl_threshold", setFactor, identity.limiter.drl_threshold),
    TYKPP_BIND("drl_enable_sentinel_rate_limiter", setFlag, identity.limiter.drl_enable_sentinel_rate_limiter),
    TYKPP_BIND("rate_limit_response_headers", setOneOf, identity.limiter.rate_limit_response_headers, {"quotas", "rate_limits"}),
    TYKPP_BIND("jwks.cache.timeout", setSeconds, identity.jwks.cache_timeout),
    TYKPP_BIND("jwt_ssl_insecure_skip_verify", setFlag, identity.jwks.insecure_skip_verify),
    TYKPP_BIND("enforce_org_quotas", setFlag, identity.limiter.enforce_org_quotas),
    TYKPP_BIND("storage.type", setText, storage.type),
    TYKPP_BIND("storage.host", setText, storage.host),
    TYKPP_BIND("storage.port", setCount, storage.port, 0, 65535),
    TYKPP_BIND("storage.addrs", setList, storage.addrs),
    TYKPP_BIND("storage.username", setText, storage.username),
    TYKPP_BIND("storage.password", setText, storage.password),
    TYKPP_BIND("storage.database", setCount, storage.database, 0, INT32_MAX),
    TYKPP_BIND("storage.timeout", setSeconds, storage.timeout),
    TYKPP_BIND("hash_keys", setFlag, identity.keys.hash_keys),
    TYKPP_BIND("hash_key_function", setText, identity.keys.hash_key_function),
    TYKPP_BIND("hash_key_function_fallback", setList, identity.keys.hash_key_function_fallback),
    TYKPP_BIND("min_token_length", setLength, identity.keys.min_token_length),
    TYKPP_BIND("disable_key_actions_by_username", setFlag, identity.keys.disable_key_actions_by_username),
    TYKPP_BIND("basic_auth_hash_key_function", setOneOf, identity.keys.basic_auth_hash_key_function,
               {"bcrypt", "sha256", "murmur32", "murmur64", "murmur128"}),
    TYKPP_BIND("enable_hashed_keys_listing", setFlag, identity.keys.enable_hashed_keys_listing),
    TYKPP_BIND("allow_master_keys", setFlag, identity.keys.allow_master_keys),
    TYKPP_BIND("suppress_default_org_store", setFlag, identity.keys.suppress_default_org_store),
    TYKPP_BIND("allow_unsafe_policy_ids", setFlag, identity.policies.allow_unsafe_policy_ids),
    TYKPP_BIND("oauth_refresh_token_expire", setSeconds, identity.oauth.refresh_token_expire),
    TYKPP_BIND("oauth_token_expire", setSeconds, identity.oauth.token_expire),
    TYKPP_BIND("oauth_token_expired_retain_period", setSeconds, identity.oauth.token_expired_retain_period),
    TYKPP_BIND("oauth_redirect_uri_separator", setText, identity.oauth.redirect_uri_separator),
    TYKPP_BIND("oauth_error_status_code", setStatus, identity.oauth.error_status_code),
    TYKPP_BIND("private.oauth_tokens_purge_interval", setSeconds, identity.oauth.tokens_purge_interval),
    TYKPP_BIND("monitor.enable_trigger_monitors", setFlag, identity.monitor.enabled),
    TYKPP_BIND("monitor.monitor_user_keys", setFlag, identity.monitor.user_keys),
    TYKPP_BIND("monitor.monitor_org_keys", setFlag, identity.monitor.org_keys),
    TYKPP_BIND("monitor.global_trigger_limit", setFactor, identity.monitor.global_trigger_limit),
    TYKPP_BIND("monitor.configuration.method", setText, identity.monitor.method),
    TYKPP_BIND("monitor.configuration.target_path", setText, identity.monitor.target_path),
    TYKPP_BIND("monitor.configuration.template_path", setText, identity.monitor.template_path),
    TYKPP_BIND("monitor.configuration.header_map", setMap, identity.monitor.header_map),
    TYKPP_BIND("monitor.configuration.event_timeout", setNumber, identity.monitor.event_timeout),
    TYKPP_BIND("override_messages", setMessages, identity.error_messages),
    TYKPP_BIND("node_secret", setText, identity.cluster.node_secret),
    TYKPP_BIND("allow_insecure_configs", setFlag, identity.cluster.allow_insecure_configs),
    TYKPP_BIND("suppress_redis_signal_reload", setFlag, identity.cluster.suppress_redis_signal_reload),
    TYKPP_BIND("storage.hosts", setMap, storage.hosts),
    TYKPP_BIND("storage.master_name", setText, storage.master_name),
    TYKPP_BIND("storage.sentinel_password", setText, storage.sentinel_password),
    TYKPP_BIND("storage.enable_cluster", setFlag, storage.enable_cluster),
    TYKPP_BIND("storage.use_ssl", setFlag, storage.use_ssl),
    TYKPP_BIND("storage.ssl_insecure_skip_verify", setFlag, storage.ssl_insecure_skip_verify),
    TYKPP_BIND("storage.ca_file", setText, storage.ca_file),
    TYKPP_BIND("storage.cert_file", setText, storage.cert_file),
    TYKPP_BIND("storage.key_file", setText, storage.key_file),
    TYKPP_BIND("storage.tls_min_version", setText, storage.tls_min_version),
    TYKPP_BIND("storage.tls_max_version", setText, storage.tls_max_version),
    TYKPP_BIND("storage.file", setName, storage.file),
};
// clang-format on

}  // namespace

std::span<const Binding> identityBindings() { return kBindings; }

}  // namespace tykpp::definition::setters
