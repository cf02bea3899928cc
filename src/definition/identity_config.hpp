#pragma once
// Settings of keys, sessions, policies, limits and certificates in tyk.conf. Names follow the JSON
// keys; member initialisers are the effective defaults.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "definition/monitor_config.hpp"

namespace tykpp::definition {

class ErrorMessages;

/// How keys are named, hashed and looked up.
struct KeyConfig {
  bool hash_keys = false;
  std::string hash_key_function;  ///< empty: tokens are organisation and id, hashed by murmur32
  std::vector<std::string> hash_key_function_fallback;
  std::string basic_auth_hash_key_function;  ///< empty: bcrypt
  bool enable_hashed_keys_listing = false;
  int min_token_length = 3;
  bool disable_key_actions_by_username = false;
  bool allow_master_keys = false;
  bool suppress_default_org_store = false;
};

/// `policies`; relative paths start in the working directory.
struct PolicyConfig {
  std::string policy_source = "file";
  std::string policy_path;         ///< directory with one policy a file
  std::string policy_record_name;  ///< one file with all, used when there is no directory
  bool allow_unsafe_policy_ids = false;
};

/// How long sessions live in the store and in the process.
struct SessionConfig {
  bool force_global_session_lifetime = false;
  std::int64_t global_session_lifetime = 0;  ///< seconds
  bool session_lifetime_respects_key_expiration = false;
  bool disable_cached_session_state = false;  ///< `local_session_cache.…`
};

/// Which limiter counts, and what clients are told. The first of the enable switches that is set
/// wins, in this order; none: in memory, or the sliding log for low rates on several nodes.
struct RateLimiterConfig {
  bool enable_fixed_window_rate_limiter = false;
  bool enable_sentinel_rate_limiter = false;
  bool enable_redis_rolling_limiter = false;
  bool enable_rate_limit_smoothing = false;
  bool enable_non_transactional_rate_limiter = false;
  std::chrono::seconds drl_notification_frequency{2};
  double drl_threshold = 5;  ///< requests a second and node
  bool drl_enable_sentinel_rate_limiter = false;
  std::string rate_limit_response_headers = "quotas";  ///< or `rate_limits`
  bool enforce_org_quotas = false;
  bool experimental_process_org_off_thread = false;
};

/// `oauth_…`
struct OAuthConfig {
  std::chrono::seconds refresh_token_expire{1'209'600};
  std::chrono::seconds token_expire{3600};
  std::chrono::seconds token_expired_retain_period{0};
  std::string redirect_uri_separator;
  int error_status_code = 403;
  std::chrono::seconds tokens_purge_interval{3600};  ///< `private.…`
};

/// Key sets of JWT issuers.
struct JwksConfig {
  std::chrono::seconds cache_timeout{240};  ///< `jwks.cache.timeout`
  bool insecure_skip_verify = false;        ///< `jwt_ssl_insecure_skip_verify`
};

/// How gateways on one store hear each other.
struct ClusterConfig {
  std::string node_secret;
  bool allow_insecure_configs = false;
  bool suppress_redis_signal_reload = false;
  bool node_is_segmented = false;      ///< `db_app_conf_options.node_is_segmented`
  std::vector<std::string> node_tags;  ///< `db_app_conf_options.tags`
};

/// `http_server_options.certificates`
struct CertificateFiles {
  std::string domain_name;
  std::string cert_file;
  std::string key_file;
};

/// `ports_whitelist`: what APIs of a protocol may listen on beside the gateway's own ports.
struct AllowedPorts {
  std::vector<int> ports;
  std::vector<std::pair<int, int>> ranges;  ///< first and last
};

/// TLS on the listeners and certificates of clients.
struct TlsConfig {
  std::vector<CertificateFiles> certificates;
  std::vector<std::string> ssl_certificates;  ///< files or ids in the certificate store
  int min_version = 0;                        ///< 769..772; 0: TLS 1.2
  int max_version = 0;                        ///< 0: TLS 1.3
  std::vector<std::string> ssl_ciphers;       ///< IANA names, TLS 1.2 and below
  bool skip_client_ca_announcement = false;
  bool control_api_use_mutual_tls = false;  ///< `security.…`, as all below
  bool allow_unsafe_dynamic_mtls_token = false;
  std::vector<std::string> client_certificates;       ///< `security.certificates.apis`
  std::vector<std::string> control_api_certificates;  ///< `security.certificates.control_api`
  std::map<std::string, std::string> pinned_public_keys;
  std::string private_certificate_encoding_secret;  ///< empty: `secret`
};

/// Ports that APIs open.
struct PortsConfig {
  bool disable_ports_whitelist = false;                 ///< any port will do
  std::map<std::string, AllowedPorts> ports_whitelist;  ///< by protocol
};

/// All of it.
struct IdentityConfig {
  KeyConfig keys;
  PolicyConfig policies;
  SessionConfig sessions;
  RateLimiterConfig limiter;
  OAuthConfig oauth;
  JwksConfig jwks;
  ClusterConfig cluster;
  TlsConfig tls;
  QuotaMonitorConfig monitor;
  CertificateMonitorConfig certificate_monitor;
  /// `override_messages` over the defaults (definition/error_messages.hpp); null: none is replaced.
  std::shared_ptr<const ErrorMessages> error_messages;
};

}  // namespace tykpp::definition
