#include "definition/impl/config_key_rows.hpp"

namespace tykpp::definition {
namespace {
using namespace key_rows;

// clang-format off
constexpr KeyRow kListener[] = {
    {"hostname", kStr, kYes, "", "Host name that every API without a domain of its own is bound to"},
    {"listen_address", kStr, kYes, "", "Address the listeners bind to; empty: every interface"},
    {"listen_port", kInt, kYes, "8080", "Port for API traffic; 0 counts as 8080"},
    {"control_api_hostname", kStr, kNot, "", "Host name that the inspection endpoints of the control API want"},
    {"control_api_port", kInt, kYes, "0", "Port of the control API and the health endpoints; 0: they are on `listen_port`"},
    {"secret", kStr, kYes, "", "What `X-Tyk-Authorization` has to hold; may be a secret reference", nullptr, kSecret},
    {"node_secret", kStr, kYes, "", "Signs notifications between gateways; may be a secret reference", nullptr, kSecret},
    {"pid_file_location", kStr, kYes, "/var/run/tyk/tyk-gateway.pid", "Where the process id is written"},
    {"allow_insecure_configs", kBool, kYes, "false", "Accept notifications without a valid signature"},
    {"public_key_path", kStr, kYes, "", "PEM public key for signed notifications and plugin bundles"},
    {"allow_remote_config", kBool, kNot, "false", "Take a configuration pushed by notification"},
    {"enable_config_inspection", kBool, kNot, "false", "Serve `/config` and `/env` on the control API"},
    {"ports_whitelist", kJsonObj, kYes, "{}", "Ports that APIs may open, by protocol", "PORTWHITELIST"},
    {"disable_ports_whitelist", kBool, kYes, "false", "Let APIs open any port", "DISABLEPORTWHITELIST"},
    {"enable_separate_analytics_store", kBool, kYes, "false", "Keep analytics in `analytics_storage`", "ENABLESEPERATEANALYTICSSTORE"},
    {"enable_separate_cache_store", kBool, kYes, "false", "Keep cached answers in `cache_storage`", "ENABLESEPERATECACHESTORE"},
    {"health_check_endpoint_name", kStr, kYes, "hello", "Path of the liveness endpoint, without a leading slash"},
    {"readiness_check_endpoint_name", kStr, kYes, "ready", "Path of the readiness endpoint, without a leading slash"},
    {"graceful_shutdown_timeout_duration", kInt, kYes, "30", "Seconds that running requests get at shutdown"},
    {"graceful_shutdown_delay_seconds", kInt, kNot, "0", "Seconds of unreadiness before the listeners close"},
    {"liveness_check.check_duration", kDur, kYes, "10s", "Time between two probes of the components"},
    {"hide_generator_header", kBool, kYes, "false", "Leave `X-Generator` out of error answers"},
    {"close_connections", kBool, kYes, "false", "Close client connections after each answer"},
    {"enable_custom_domains", kBool, kYes, "false", "Route by the `domain` of an API"},
    {"track_404_logs", kBool, kYes, "false", "Log every request that no API takes"},
    {"template_path", kStr, kYes, "", "Directory of `error*` templates; empty: the built-in ones"},
    {"enable_http_profiler", kBool, kNot, "false", "Serve profiles on the control API", "HTTPPROFILE"},
    {"management_node", kBool, kYes, "false", "Do not fetch plugin bundles"},
    {"cloud", kBool, kNil, "false", "Vendor-hosted installations"},
    {"version_header", kStr, kYes, "", "Response header that names the version when the default one was used"},
};

constexpr KeyRow kServer[] = {
    {"http_server_options.override_defaults", kBool, kNil, "false", "Legacy switch; the options count in any case"},
    {"http_server_options.read_timeout", kInt, kYes, "120", "Seconds for receiving a request"},
    {"http_server_options.write_timeout", kInt, kYes, "120", "Seconds for answering a request once its head is there"},
    {"http_server_options.use_ssl", kBool, kYes, "false", "TLS on the listener and on the control port"},
    {"http_server_options.enable_http2", kBool, kNot, "false", "Offer HTTP/2 on TLS listeners"},
    {"http_server_options.enable_strict_routes", kBool, kYes, "false", "A listen path ends at a slash: `/a` does not match `/ab`"},
    {"http_server_options.enable_path_prefix_matching", kBool, kYes, "false", "Endpoint patterns start at the path's start"},
    {"http_server_options.enable_path_suffix_matching", kBool, kYes, "false", "Endpoint patterns end at the path's end"},
    {"http_server_options.ssl_insecure_skip_verify", kBool, kNil, "false", "Calls of the gateway to a dashboard"},
    {"http_server_options.enable_websockets", kBool, kYes, "false", "Pass WebSocket upgrades on"},
    {"http_server_options.certificates", kJsonArr, kYes, "[]", "Server certificates: `{domain_name, cert_file, key_file}`"},
    {"http_server_options.ssl_certificates", kList, kYes, "[]", "Server certificates as files or store ids"},
    {"http_server_options.server_name", kStr, kNil, "", "Kept for compatibility"},
    {"http_server_options.min_version", kInt, kYes, "771", "Lowest TLS version of the listener, 769 to 772"},
    {"http_server_options.max_version", kInt, kYes, "772", "Highest TLS version of the listener"},
    {"http_server_options.skip_client_ca_announcement", kBool, kYes, "false", "Ask for client certificates without naming authorities"},
    {"http_server_options.flush_interval", kInt, kNil, "0", "Milliseconds between flushes of a copied body; tykpp sends every piece as it comes"},
    {"http_server_options.skip_url_cleaning", kBool, kYes, "false", "Leave `//` and `..` in request paths"},
    {"http_server_options.skip_target_path_escaping", kBool, kYes, "false", "Send the path to the upstream as it was received"},
    {"http_server_options.ssl_ciphers", kList, kYes, "[]", "Cipher suites of the listener, TLS 1.2 and below", "HTTPSERVEROPTIONS_CIPHERS"},
    {"http_server_options.max_request_body_size", kInt, kYes, "0", "Bytes; a larger request body is answered 413; 0: no limit"},
    {"http_server_options.xff_depth", kInt, kYes, "0", "Which `X-Forwarded-For` entry is the client: 0 the leftmost, n the n-th from the right"},
    {"http_server_options.max_response_body_size", kInt, kYes, "0", "Bytes; for answers that a step buffers; 0: no limit"},
};

constexpr KeyRow kApis[] = {
    {"app_path", kStr, kYes, "", "Directory of API definitions"},
    {"use_db_app_configs", kBool, kNot, "false", "Definitions from a dashboard; refused at start"},
    {"policies.policy_source", kStr, kYes, "file", "Where policies come from"},
    {"policies.policy_path", kStr, kYes, "", "Directory with one policy a file"},
    {"policies.policy_record_name", kStr, kYes, "", "File with all policies, used when `policy_path` is empty"},
    {"policies.allow_explicit_policy_id", kBool, kNil, "false", "Explicit ids always work with files"},
    {"policies.policy_connection_string", kStr, kNil, "", "Address of a dashboard", nullptr, kSecret},
    {"allow_unsafe_policy_ids", kBool, kYes, "false", "Skip the check of policy ids in the control API"},
    {"suppress_redis_signal_reload", kBool, kYes, "false", "Do not listen for notifications of other gateways"},
    {"reload_interval", kInt, kYes, "1", "Seconds between two looks at the reload queue, at least 1"},
    {"resource_sync.retry_attempts", kInt, kNot, "0", "Further attempts when definitions cannot be loaded"},
    {"resource_sync.interval", kInt, kNot, "0", "Seconds between those attempts"},
    {"oas_config.validate_examples", kBool, kNot, "false", "Check examples of OAS documents", "OAS_VALIDATEEXAMPLES"},
    {"oas_config.validate_schema_defaults", kBool, kNot, "false", "Check schema defaults of OAS documents", "OAS_VALIDATESCHEMADEFAULTS"},
    {"ignore_endpoint_case", kBool, kNot, "false", "Match endpoint paths without regard to case"},
    {"ignore_canonical_mime_header_key", kBool, kYes, "false", "Header names that the gateway sets keep their spelling"},
    {"disable_regexp_cache", kBool, kNil, "false", "Expressions are compiled once, at load"},
    {"regexp_cache_expire", kInt, kNil, "60", "Expressions are compiled once, at load"},
    {"regexp_cache_max_entries", kInt, kNil, "5000", "Expressions are compiled once, at load"},
    {"disable_regexp_cache_bound", kBool, kNil, "false", "Expressions are compiled once, at load"},
};

constexpr KeyRow kUpstream[] = {
    {"max_idle_connections", kInt, kYes, "0", "Idle upstream connections in all; 0: no bound", "MAXIDLECONNS"},
    {"max_idle_connections_per_host", kInt, kYes, "0", "Idle connections kept to one upstream; 0: 100 a worker", "MAXIDLECONNSPERHOST"},
    {"max_conn_time", kInt, kYes, "0", "Seconds after which an upstream connection is not used again; 0: no bound"},
    {"proxy_default_timeout", kFloat, kYes, "30", "Seconds to wait for the head of an upstream answer"},
    {"proxy_close_connections", kBool, kYes, "false", "One request per upstream connection"},
    {"proxy_enable_http2", kBool, kNot, "false", "Offer HTTP/2 to TLS upstreams"},
    {"proxy_ssl_insecure_skip_verify", kBool, kYes, "false", "Do not check upstream certificates"},
    {"proxy_ssl_min_version", kInt, kYes, "0", "Lowest TLS version upstream, 769 to 772; 0: the library's"},
    {"proxy_ssl_max_version", kInt, kYes, "0", "Highest TLS version upstream, 769 to 772; 0: the library's"},
    {"proxy_ssl_ciphers", kList, kYes, "[]", "Cipher suites upstream, TLS 1.2 and below", "PROXYSSLCIPHERSUITES"},
    {"proxy_ssl_disable_renegotiation", kBool, kNot, "false", "Refuse renegotiation"},
    {"ssl_force_common_name_check", kBool, kYes, "false", "Check the common name of upstream certificates"},
    {"service_discovery.default_cache_timeout", kInt, kNot, "120", "Seconds that discovered hosts are kept"},
    {"dns_cache.enabled", kBool, kYes, "false", "Keep resolved upstream addresses"},
    {"dns_cache.ttl", kInt, kYes, "3600", "Seconds an address is kept; -1: for ever"},
    {"dns_cache.multiple_ips_handle_strategy", kStr, kNot, "no_cache", "Hosts with several addresses: `pick_first`, `random` or `no_cache`"},
};

constexpr KeyRow kOurs[] = {
    {"workers", kInt, kYes, "0", "Worker threads; 0: one a core"},
    {"enable_file_watch", kBool, kYes, "false", "Reload when a file in `app_path` changes"},
    {"plugin_timeout_ms", kInt, kYes, "2000", "Milliseconds a plugin may take when its entry has no `timeout_ms`"},
    {"plugin_memory_limit", kInt, kYes, "67108864", "Bytes that a JavaScript or Lua state may use"},
    {"plugin_host_memory_limit", kInt, kYes, "1073741824", "Bytes of data that a process of isolated plugins may have; 0: no limit"},
    {"plugin_host_start_timeout_ms", kInt, kYes, "10000", "Milliseconds a process of isolated plugins may take to load its plugin"},
    {"plugin_host_max_restart_delay_ms", kInt, kYes, "10000", "Longest pause before a process of isolated plugins that died starts again"},
    {"plugin_host_max_calls", kInt, kYes, "4096", "Calls of a process of isolated plugins that may wait, a worker; more are refused"},
    {"plugin_host_threads", kInt, kYes, "16", "Threads that run hooks in a process of isolated plugins, at most"},
    {"python_workers", kInt, kYes, "4", "Threads that run Python plugins"},
    {"python_site_packages", kList, kYes, "[]", "Directories with Python packages, a virtual environment's `site-packages`"},
    {"bundle_timeout_ms", kInt, kYes, "5000", "Milliseconds one try to fetch a bundle may take"},
    {"bundle_max_size", kInt, kYes, "67108864", "Bytes a bundle may have"},
    {"bundle_max_unpacked_size", kInt, kYes, "268435456", "Bytes the files of a bundle may have together"},
    {"bundle_max_files", kInt, kYes, "4096", "Files a bundle may have"},
    {"bundle_revalidate", kBool, kYes, "false", "Ask at each reload, with its ETag, whether a bundle has changed"},
    {"plugin_on_error", kStr, kYes, "fail", "What a failing plugin means when its entry has no `on_error`: `fail` or `skip`"},
    {"max_buffered_body_size", kInt, kYes, "67108864", "Bytes of a body that a plugin reads; a larger one is refused"},
    {"cache_max_answer_size", kInt, kYes, "1048576", "Bytes of the body of an answer that the response cache keeps; longer ones pass by uncached"},
    {"cache_lookup_timeout_ms", kInt, kYes, "200", "Milliseconds a request waits for a cached answer before it goes to the upstream"},
    {"max_header_size", kInt, kYes, "1048576", "Bytes of a request or response head"},
    {"idle_timeout", kInt, kYes, "120", "Seconds after which a client connection without a request is closed"},
};

constexpr KeyGroup kGroups[] = {
    {"Listener, hosts, control API", kListener},
    {"`http_server_options`", kServer},
    {"APIs, policies, reload", kApis},
    {"Upstream", kUpstream},
    {"Keys that only tykpp has", kOurs},
};
// clang-format on

}  // namespace

std::span<const KeyGroup> gatewayKeyGroups() { return kGroups; }

}  // namespace tykpp::definition
