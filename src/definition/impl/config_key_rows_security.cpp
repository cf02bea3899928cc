#include "definition/impl/config_key_rows.hpp"

namespace tykpp::definition {
namespace {
using namespace key_rows;

// clang-format off
constexpr KeyRow kSecurity[] = {
    {"security.private_certificate_encoding_secret", kStr, kYes, "", "Pass phrase for stored private keys", nullptr, kSecret},
    {"security.control_api_use_mutual_tls", kBool, kYes, "false", "The control API wants a client certificate"},
    {"security.pinned_public_keys", kMap, kYes, "{}", "Host pattern to public keys that its certificates may have"},
    {"security.allow_unsafe_dynamic_mtls_token", kBool, kYes, "false", "Accept a certificate's token without the certificate"},
    {"security.certificates.apis", kList, kYes, "[]", "Client certificates allowed for every API", "SECURITY_CERTIFICATES_API"},
    {"security.certificates.upstream", kMap, kYes, "{}", "Host pattern to the client certificate for upstreams: a PEM file or an id"},
    {"security.certificates.control_api", kList, kYes, "[]", "Client certificates of the control API"},
    {"security.certificates.dashboard_api", kList, kNil, "[]", "Dashboard", "SECURITY_CERTIFICATES_DASHBOARD"},
    {"security.certificates.mdcb_api", kList, kNil, "[]", "MDCB", "SECURITY_CERTIFICATES_MDCB"},
    {"security.certificate_expiry_monitor.warning_threshold_days", kInt, kYes, "30",
     "Days before the end of a certificate's life that an event is fired"},
    {"security.certificate_expiry_monitor.check_cooldown_seconds", kInt, kYes, "3600", "Seconds between two checks of a certificate"},
    {"security.certificate_expiry_monitor.event_cooldown_seconds", kInt, kYes, "86400", "Seconds between two events for a certificate"},
};

constexpr KeyRow kKeys[] = {
    {"hash_keys", kBool, kYes, "false", "Store hashes in place of keys"},
    {"hash_key_function", kStr, kYes, "", "`murmur32`, `murmur64`, `murmur128` or `sha256`; empty: the legacy form"},
    {"hash_key_function_fallback", kList, kYes, "[]", "Further functions tried at look-up"},
    {"basic_auth_hash_key_function", kStr, kYes, "bcrypt", "Hash of basic-auth passwords"},
    {"enable_hashed_keys_listing", kBool, kYes, "false", "List keys although they are hashed"},
    {"min_token_length", kInt, kYes, "3", "Keys of so many characters or fewer are refused before look-up"},
    {"disable_key_actions_by_username", kBool, kYes, "false", "No key look-up by user name"},
    {"allow_master_keys", kBool, kYes, "false", "Keys without access rights open every API"},
    {"enable_key_logging", kBool, kYes, "false", "Write whole keys to the log, not only their last four characters"},
    {"suppress_default_org_store", kBool, kYes, "false", "No store for a default organisation", "SUPRESSDEFAULTORGSTORE"},
    {"legacy_enable_allowance_countdown", kBool, kNot, "false", "Count down `allowance` in sessions"},
    {"force_global_session_lifetime", kBool, kYes, "false", "`global_session_lifetime` wins over API and session"},
    {"global_session_lifetime", kInt, kYes, "0", "Seconds"},
    {"session_lifetime_respects_key_expiration", kBool, kYes, "false", "Sessions live at least as long as their key"},
    {"local_session_cache.disable_cached_session_state", kBool, kYes, "false",
     "No session cache in the process", "LOCALSESSIONCACHE_DISABLECACHESESSIONSTATE"},
    {"local_session_cache.cached_session_timeout", kInt, kNil, "0", "Read and unused"},
    {"local_session_cache.cached_session_eviction", kInt, kNil, "0", "Read and unused", "LOCALSESSIONCACHE_CACHESESSIONEVICTION"},
    {"auth_override.force_auth_provider", kBool, kNot, "false", "Replace every API's `auth_provider`"},
    {"auth_override.auth_provider", kObj, kNot, "{}", "`{name, storage_engine, meta}`"},
    {"auth_override.force_session_provider", kBool, kNot, "false", "Replace every API's `session_provider`"},
    {"auth_override.session_provider", kObj, kNot, "{}", "`{name, storage_engine, meta}`"},
    {"oauth_refresh_token_expire", kInt, kYes, "1209600", "Seconds", "OAUTHREFRESHEXPIRE"},
    {"oauth_token_expire", kInt, kYes, "3600", "Seconds"},
    {"oauth_token_expired_retain_period", kInt, kYes, "0", "Seconds that lapsed tokens stay listed"},
    {"oauth_redirect_uri_separator", kStr, kYes, "", "Separates several redirect addresses of a client"},
    {"oauth_error_status_code", kInt, kYes, "403", "Status of OAuth error answers"},
    {"private.oauth_tokens_purge_interval", kInt, kYes, "3600", "Seconds between purges of lapsed tokens", "PRIVATE_OAUTHTOKENSPURGEINTERVAL"},
    {"jwks.cache.timeout", kInt, kYes, "240", "Seconds that key sets are kept"},
    {"jwt_ssl_insecure_skip_verify", kBool, kYes, "false", "Do not check certificates when key sets are fetched"},
};

constexpr KeyRow kLimits[] = {
    {"enable_redis_rolling_limiter", kBool, kYes, "false", "Exact sliding window in Redis"},
    {"enable_sentinel_rate_limiter", kBool, kYes, "false", "Sliding window with a blocking mark"},
    {"enable_fixed_window_rate_limiter", kBool, kYes, "false", "One counter a window"},
    {"enable_rate_limit_smoothing", kBool, kYes, "false", "Grow and shrink the allowance in steps"},
    {"enable_non_transactional_rate_limiter", kBool, kYes, "false", "Sliding window without a transaction"},
    {"drl_notification_frequency", kInt, kYes, "2", "Seconds between broadcasts of the distributed limiter"},
    {"drl_threshold", kFloat, kYes, "5", "Where the distributed limiter hands over to Redis"},
    {"drl_enable_sentinel_rate_limiter", kBool, kYes, "false", "It hands over to the sentinel limiter"},
    {"rate_limit_response_headers", kStr, kYes, "quotas", "What `X-RateLimit-*` tells: `quotas` or `rate_limits`"},
    {"enforce_org_quotas", kBool, kYes, "false", "Check the organisation's session first"},
    {"enforce_org_data_age", kBool, kNot, "false", "Analytics lifetime from the organisation's session"},
    {"enforce_org_data_detail_logging", kBool, kNot, "false", "Detailed recording from the organisation's session"},
    {"experimental_process_org_off_thread", kBool, kNot, "false", "Check the organisation beside the request"},
    {"monitor.enable_trigger_monitors", kBool, kYes, "false", "Watch quotas"},
    {"monitor.configuration.method", kStr, kYes, "", "Webhook method", "MONITOR_CONFIG_METHOD"},
    {"monitor.configuration.target_path", kStr, kYes, "", "Webhook address", "MONITOR_CONFIG_TARGETPATH"},
    {"monitor.configuration.template_path", kStr, kYes, "", "Webhook body template", "MONITOR_CONFIG_TEMPLATEPATH"},
    {"monitor.configuration.header_map", kMap, kYes, "{}", "Webhook headers", "MONITOR_CONFIG_HEADERLIST"},
    {"monitor.configuration.event_timeout", kInt, kYes, "0", "Seconds between two webhooks", "MONITOR_CONFIG_EVENTTIMEOUT"},
    {"monitor.global_trigger_limit", kFloat, kYes, "0", "Percent of the quota"},
    {"monitor.monitor_user_keys", kBool, kYes, "false", "Watch keys"},
    {"monitor.monitor_org_keys", kBool, kYes, "false", "Watch organisations"},
};

constexpr KeyRow kStorage[] = {
    {"type", kStr, kYes, "", "`redis`, or `embedded` (ours): a file for one gateway alone, the default without a `storage` section"},
    {"file", kStr, kYes, "tykpp-keys.db", "Ours: file of the embedded store"},
    {"host", kStr, kYes, "", "Server, used when `addrs` and `hosts` are empty"},
    {"port", kInt, kYes, "0", "Port; 0: 6379"},
    {"hosts", kMap, kYes, "{}", "Deprecated: host to port"},
    {"addrs", kList, kYes, "[]", "`host:port` entries"},
    {"master_name", kStr, kYes, "", "Name of the master; switches to sentinels"},
    {"sentinel_password", kStr, kYes, "", "Password of the sentinels", nullptr, kSecret},
    {"username", kStr, kYes, "", "User of the access list"},
    {"password", kStr, kYes, "", "Password; may be a secret reference", nullptr, kSecret},
    {"database", kInt, kYes, "0", "Database number"},
    {"optimisation_max_idle", kInt, kNil, "0", "Unused", "MAXIDLE"},
    {"optimisation_max_active", kInt, kNot, "500", "Connections", "MAXACTIVE"},
    {"timeout", kInt, kYes, "5", "Seconds to connect, read and write"},
    {"enable_cluster", kBool, kYes, "false", "Cluster mode"},
    {"use_ssl", kBool, kYes, "false", "TLS"},
    {"ssl_insecure_skip_verify", kBool, kYes, "false", "Do not check the certificate"},
    {"ca_file", kStr, kYes, "", "Certificate authorities"},
    {"cert_file", kStr, kYes, "", "Client certificate"},
    {"key_file", kStr, kYes, "", "Its key"},
    {"tls_min_version", kStr, kYes, "1.2", "Lowest TLS version"},
    {"tls_max_version", kStr, kYes, "1.3", "Highest TLS version"},
    {"compress_api_definitions", kBool, kNil, "false", "MDCB backup"},
    {"compress_policies", kBool, kNil, "false", "MDCB backup"},
    {"max_decompressed_size", kInt, kNil, "0", "MDCB backup"},
    {"iam_auth.enabled", kBool, kNot, "false", "A cloud token in place of the password"},
    {"iam_auth.provider", kStr, kNot, "", "`gcp`"},
    {"iam_auth.service_account", kStr, kNot, "", "Account of the token"},
    {"iam_auth.token_refresh_before_expiry", kStr, kNot, "5m", "How early the token is renewed"},
};

constexpr KeyGroup kSecurityGroups[] = {
    {"Security and certificates", kSecurity},
    {"Keys, sessions, authentication", kKeys},
    {"Rate limits and quotas", kLimits},
};
// clang-format on

}  // namespace

std::span<const KeyGroup> securityKeyGroups() { return kSecurityGroups; }
std::span<const KeyRow> storageRows() { return kStorage; }

}  // namespace tykpp::definition
