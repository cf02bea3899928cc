#pragma once
// tyk.conf: the typed settings that rooms read. Member initialisers are the effective defaults of
// spec/gateway-config.md (after its fix-ups); names follow the JSON keys. Loaded once at start,
// immutable afterwards.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "definition/analytics_config.hpp"
#include "definition/cache_config.hpp"
#include "definition/event_handlers.hpp"
#include "definition/grpc_config.hpp"
#include "definition/identity_config.hpp"
#include "definition/storage_config.hpp"

namespace tykpp::definition {

/// `http_server_options`
struct ServerOptions {
  std::chrono::seconds read_timeout{120};
  std::chrono::seconds write_timeout{120};
  bool use_ssl = false;
  bool enable_strict_routes = false;
  bool enable_path_prefix_matching = false;
  bool enable_path_suffix_matching = false;
  bool enable_websockets = false;
  bool skip_url_cleaning = false;
  bool skip_target_path_escaping = false;
  int xff_depth =
      0;  ///< which `X-Forwarded-For` entry is the client: 0 the first, n from the right
  std::int64_t max_request_body_size = 0;   ///< bytes, 0: no limit
  std::int64_t max_response_body_size = 0;  ///< bytes, 0: no limit; for answers that a step buffers
};

/// `dns_cache`
struct DnsCacheConfig {
  bool enabled = false;
  std::chrono::seconds ttl{3600};  ///< -1: for ever
};

/// Processes that native plugins run in: `plugin_host_*` (ours).
struct PluginHostConfig {
  std::int64_t memory_limit = 1024 * 1024 * 1024;  ///< bytes of data of a process, 0: none
  std::chrono::milliseconds start_timeout{10000};  ///< from its start until its plugin is loaded
  std::chrono::milliseconds max_restart_delay{10000};  ///< between two starts after crashes
  int max_calls = 4096;                                ///< calls under way a worker and process
  int threads = 16;                                    ///< that run hooks in a process
};

/// Plugin runtimes and bundles; paths are absolute after loading.
struct PluginConfig {
  bool enable_jsvm = false;
  std::chrono::seconds jsvm_timeout{
      5};                   ///< of a JavaScript call, unless its entry has `timeout_ms`
  std::string tyk_js_path;  ///< JavaScript that every runtime runs first
  bool disable_virtual_path_blobs = false;
  bool enable_coprocess = false;  ///< Python, Lua and gRPC
  GrpcConfig grpc;
  std::string python_path_prefix;  ///< a folder with more modules, before our own
  std::string python_version;      ///< `3.11`; empty: whichever is built in
  bool enable_bundle_downloader = false;
  std::string bundle_base_url;
  bool bundle_insecure_skip_verify = false;
  bool skip_verify_existing_plugin_bundle = false;
  std::string public_key_path;
  bool management_node = false;

  // Ours.
  int python_workers = 4;                         ///< threads that run Python plugins
  std::vector<std::string> python_site_packages;  ///< folders behind the others on sys.path
  PluginHostConfig host;
  std::int64_t plugin_memory_limit = 64 * 1024 * 1024;  ///< bytes of a JavaScript or Lua state
  std::chrono::milliseconds bundle_timeout{5000};       ///< one try of a download
  std::int64_t bundle_max_size = 64 * 1024 * 1024;      ///< bytes of a bundle, packed
  std::int64_t bundle_max_unpacked_size = 256 * 1024 * 1024;
  int bundle_max_files = 4096;
  bool bundle_revalidate = false;  ///< ask with the ETag at each reload whether a bundle changed
};

struct GatewayConfig {
  std::string file;  ///< the path it was read from
  /// Every value that file and environment give, as one JSON object, for plugins: without what
  /// opens the control API.
  std::string text;
  std::string working_directory;  ///< relative paths start here
  std::string hostname;
  std::string version_header;  ///< names the default version on answers to requests that name none
  std::string listen_address;
  std::uint16_t listen_port = 8080;
  std::uint16_t control_api_port = 0;  ///< 0: on listen_port
  std::string secret;
  std::string pid_file_location = "/var/run/tyk/tyk-gateway.pid";
  std::string health_check_endpoint_name = "hello";
  std::string readiness_check_endpoint_name = "ready";
  std::chrono::seconds graceful_shutdown_timeout_duration{30};
  std::chrono::nanoseconds liveness_check_duration{std::chrono::seconds(10)};
  bool hide_generator_header = false;
  bool close_connections = false;
  bool enable_custom_domains = false;
  bool track_404_logs = false;
  std::string template_path;
  ServerOptions http_server_options;
  std::string app_path;
  std::string middleware_path = "middleware";
  PluginConfig plugins;
  std::chrono::seconds reload_interval{1};
  bool ignore_canonical_mime_header_key = false;
  int max_idle_connections = 0;           ///< 0: no bound
  int max_idle_connections_per_host = 0;  ///< 0: 100 a worker
  std::chrono::seconds max_conn_time{0};  ///< 0: no bound on a connection's age
  std::chrono::duration<double> proxy_default_timeout{30};
  bool proxy_close_connections = false;
  bool proxy_ssl_insecure_skip_verify = false;
  int proxy_ssl_min_version = 0;  ///< 769..772, 0: the library's default
  int proxy_ssl_max_version = 0;
  std::vector<std::string> proxy_ssl_ciphers;
  bool ssl_force_common_name_check = false;
  DnsCacheConfig dns_cache;
  bool enable_analytics = false;
  AnalyticsConfig analytics;
  std::string log_level = "info";
  std::string log_format;  ///< "" or "text", or "json"
  std::map<std::string, std::string> secrets;
  StorageConfig storage;
  bool enable_separate_analytics_store = false;
  StorageConfig analytics_storage;  ///< counts with the switch above; `file` does not
  CacheConfig cache;
  std::map<std::string, std::string>
      upstream_certificates;  ///< security.certificates.upstream: host pattern to PEM file
  std::vector<EventHandler> event_handlers;  ///< of the gateway's own events
  bool enable_key_logging = false;           ///< whole keys in the log
  IdentityConfig identity;

  // Ours.
  int workers = 0;                                 ///< 0: one a core
  bool enable_file_watch = false;                  ///< reload when a file in app_path changes
  std::chrono::milliseconds plugin_timeout{2000};  ///< of hooks without a `timeout_ms`
  std::string plugin_on_error =
      "fail";  ///< `plugin_on_error`: default for hooks without `on_error`; fail or skip
  std::int64_t max_buffered_body_size = 64 * 1024 * 1024;  ///< bytes a plugin's body may have
  std::int64_t max_header_size = 1024 * 1024;              ///< bytes of a request or response head
  std::chrono::seconds idle_timeout{
      120};  ///< a client connection without a request is closed after this
  PortsConfig ports;
};

}  // namespace tykpp::definition
