// Which member each built key fills, and what its values may be.

#include "definition/impl/config_setters.hpp"

namespace tykpp::definition {
namespace {

using namespace setters;

std::string setEndpoint(std::string& out, const Json& value) {
  std::string given = text(value);
  given.erase(0, given.find_first_not_of('/'));
  if (!given.empty()) out = std::move(given);
  return {};
}
std::string setLogLevel(std::string& out, const Json& value) {
  const std::string given = lowered(text(value));
  if (given.empty()) return {};
  if (given != "debug" && given != "info" && given != "warn" && given != "error") {
    return "Invalid log level \"" + text(value) +
           "\" specified in config, must be error, warn, debug or info. ";
  }
  out = given;
  return {};
}
std::string setTimeout(std::chrono::duration<double>& out, const Json& value) {
  const auto given = value.get<double>();
  if (given > static_cast<double>(kMaxSeconds))
    return "has to be at most " + std::to_string(kMaxSeconds);
  if (given > 0) out = std::chrono::duration<double>(given);
  return {};
}
/// The loader reads them: what is wrong with a handler is told and does not stop the start.
std::string setHandlers(std::vector<EventHandler>& out, const Json& /*value*/) {
  out.clear();
  return {};
}
/// Nought and less leave the default. The store takes the text of it, a third longer, in one piece.
std::string setAnswerSize(std::int64_t& out, const Json& value) {
  constexpr std::int64_t kMost = 32 * 1024 * 1024;
  if (value.get<std::int64_t>() > kMost) return "has to be at most " + std::to_string(kMost);
  return setLimit(out, value);
}
std::string setTtl(std::chrono::seconds& out, const Json& value) {
  if (value.get<std::int64_t>() < 0) {
    out = std::chrono::seconds(-1);
    return {};
  }
  return setSeconds(out, value);
}
/// gRPC counts the bytes of a message in an int.
std::string setMessageSize(std::int64_t& out, const Json& value) {
  return setCount(out, value, 0, std::numeric_limits<int>::max());
}
/// Nought leaves the default.
std::string setSomeCount(int& out, const Json& value, std::int64_t max) {
  return value.get<std::int64_t>() == 0 ? std::string{} : setCount(out, value, 1, max);
}
std::string setMicroseconds(std::chrono::microseconds& out, const Json& value, std::int64_t max) {
  std::int64_t given = 0;
  std::string why = setCount(given, value, 0, max);
  if (why.empty()) out = std::chrono::microseconds(given);
  return why;
}
std::string setPort(std::uint16_t& out, const Json& value) {
  return setCount(out, value, 0, 65535);
}

// clang-format off
constexpr Binding kBindings[] = {
    TYKPP_BIND("hostname", setText, hostname),
    TYKPP_BIND("version_header", setText, version_header),
    TYKPP_BIND("listen_address", setText, listen_address),
    TYKPP_BIND("listen_port", setPort, listen_port),
    TYKPP_BIND("control_api_port", setPort, control_api_port),
    TYKPP_BIND("secret", setText, secret),
    TYKPP_BIND("pid_file_location", setName, pid_file_location),
    TYKPP_BIND("health_check_endpoint_name", setEndpoint, health_check_endpoint_name),
    TYKPP_BIND("readiness_check_endpoint_name", setEndpoint, readiness_check_endpoint_name),
    TYKPP_BIND("graceful_shutdown_timeout_duration", setSeconds, graceful_shutdown_timeout_duration),
    TYKPP_BIND("liveness_check.check_duration", setTime, liveness_check_duration, kMaxSeconds * 1'000'000'000),
    TYKPP_BIND("hide_generator_header", setFlag, hide_generator_header),
    TYKPP_BIND("close_connections", setFlag, close_connections),
    TYKPP_BIND("enable_custom_domains", setFlag, enable_custom_domains),
    TYKPP_BIND("track_404_logs", setFlag, track_404_logs),
    TYKPP_BIND("template_path", setText, template_path),
    TYKPP_BIND("http_server_options.read_timeout", setSeconds, http_server_options.read_timeout),
    TYKPP_BIND("http_server_options.write_timeout", setSeconds, http_server_options.write_timeout),
    TYKPP_BIND("http_server_options.use_ssl", setFlag, http_server_options.use_ssl),
    TYKPP_BIND("http_server_options.enable_strict_routes", setFlag, http_server_options.enable_strict_routes),
    TYKPP_BIND("http_server_options.enable_path_prefix_matching", setFlag, http_server_options.enable_path_prefix_matching),
    TYKPP_BIND("http_server_options.enable_path_suffix_matching", setFlag, http_server_options.enable_path_suffix_matching),
    TYKPP_BIND("http_server_options.enable_websockets", setFlag, http_server_options.enable_websockets),
    TYKPP_BIND("http_server_options.skip_url_cleaning", setFlag, http_server_options.skip_url_cleaning),
    TYKPP_BIND("http_server_options.skip_target_path_escaping", setFlag, http_server_options.skip_target_path_escaping),
    TYKPP_BIND("http_server_options.xff_depth", setCount, http_server_options.xff_depth, 0, 1000),
    TYKPP_BIND("http_server_options.max_request_body_size", setBytes, http_server_options.max_request_body_size),
    TYKPP_BIND("http_server_options.max_response_body_size", setBytes, http_server_options.max_response_body_size),
    TYKPP_BIND("app_path", setText, app_path),
    TYKPP_BIND("middleware_path", setName, middleware_path),
    TYKPP_BIND("reload_interval", setSeconds, reload_interval),
    TYKPP_BIND("ignore_canonical_mime_header_key", setFlag, ignore_canonical_mime_header_key),
    TYKPP_BIND("max_idle_connections", setCount, max_idle_connections, 0, INT32_MAX),
    TYKPP_BIND("max_idle_connections_per_host", setCount, max_idle_connections_per_host, 0, INT32_MAX),
    TYKPP_BIND("max_conn_time", setSeconds, max_conn_time),
    TYKPP_BIND("proxy_default_timeout", setTimeout, proxy_default_timeout),
    TYKPP_BIND("proxy_close_connections", setFlag, proxy_close_connections),
    TYKPP_BIND("proxy_ssl_insecure_skip_verify", setFlag, proxy_ssl_insecure_skip_verify),
    TYKPP_BIND("proxy_ssl_min_version", setTlsVersion, proxy_ssl_min_version),
    TYKPP_BIND("proxy_ssl_max_version", setTlsVersion, proxy_ssl_max_version),
    TYKPP_BIND("proxy_ssl_ciphers", setList, proxy_ssl_ciphers),
    TYKPP_BIND("ssl_force_common_name_check", setFlag, ssl_force_common_name_check),
    TYKPP_BIND("dns_cache.enabled", setFlag, dns_cache.enabled),
    TYKPP_BIND("dns_cache.ttl", setTtl, dns_cache.ttl),
    TYKPP_BIND("event_handlers", setHandlers, event_handlers),
    TYKPP_BIND("enable_key_logging", setFlag, enable_key_logging),
    TYKPP_BIND("log_level", setLogLevel, log_level),
    TYKPP_BIND("log_format", setOneOf, log_format, {"text", "json"}),
    TYKPP_BIND("secrets", setMap, secrets),
    TYKPP_BIND("security.certificates.upstream", setMap, upstream_certificates),
    TYKPP_BIND("workers", setCount, workers, 0, 1024),
    TYKPP_BIND("enable_file_watch", setFlag, enable_file_watch),
    TYKPP_BIND("plugin_timeout_ms", setTime, plugin_timeout, kMaxSeconds),
    TYKPP_BIND("enable_jsvm", setFlag, plugins.enable_jsvm),
    TYKPP_BIND("jsvm_timeout", setSeconds, plugins.jsvm_timeout),
    TYKPP_BIND("tyk_js_path", setText, plugins.tyk_js_path),
    TYKPP_BIND("disable_virtual_path_blobs", setFlag, plugins.disable_virtual_path_blobs),
    TYKPP_BIND("coprocess_options.enable_coprocess", setFlag, plugins.enable_coprocess),
    TYKPP_BIND("coprocess_options.python_path_prefix", setText, plugins.python_path_prefix),
    TYKPP_BIND("coprocess_options.python_version", setText, plugins.python_version),
    TYKPP_BIND("enable_bundle_downloader", setFlag, plugins.enable_bundle_downloader),
    TYKPP_BIND("bundle_base_url", setText, plugins.bundle_base_url),
    TYKPP_BIND("bundle_insecure_skip_verify", setFlag, plugins.bundle_insecure_skip_verify),
    TYKPP_BIND("skip_verify_existing_plugin_bundle", setFlag, plugins.skip_verify_existing_plugin_bundle),
    TYKPP_BIND("public_key_path", setText, plugins.public_key_path),
    TYKPP_BIND("management_node", setFlag, plugins.management_node),
    TYKPP_BIND("plugin_host_memory_limit", setBytes, plugins.host.memory_limit),
    TYKPP_BIND("plugin_host_start_timeout_ms", setTime, plugins.host.start_timeout, kMaxSeconds),
    TYKPP_BIND("plugin_host_max_restart_delay_ms", setTime, plugins.host.max_restart_delay, kMaxSeconds),
    TYKPP_BIND("plugin_host_max_calls", setSomeCount, plugins.host.max_calls, 1'000'000),
    TYKPP_BIND("plugin_host_threads", setSomeCount, plugins.host.threads, 1024),
    TYKPP_BIND("plugin_memory_limit", setLimit, plugins.plugin_memory_limit),
    TYKPP_BIND("coprocess_options.coprocess_grpc_server", setText, plugins.grpc.server),
    TYKPP_BIND("coprocess_options.grpc_recv_max_size", setMessageSize, plugins.grpc.recv_max_size),
    TYKPP_BIND("coprocess_options.grpc_send_max_size", setMessageSize, plugins.grpc.send_max_size),
    TYKPP_BIND("coprocess_options.grpc_authority", setText, plugins.grpc.authority),
    TYKPP_BIND("coprocess_options.grpc_round_robin_load_balancing", setFlag, plugins.grpc.round_robin),
    TYKPP_BIND("coprocess_options.grpc_tls_ca_file", setText, plugins.grpc.tls_ca_file),
    TYKPP_BIND("coprocess_options.grpc_tls_cert_file", setText, plugins.grpc.tls_cert_file),
    TYKPP_BIND("coprocess_options.grpc_tls_key_file", setText, plugins.grpc.tls_key_file),
    TYKPP_BIND("coprocess_options.grpc_tls_server_name", setText, plugins.grpc.tls_server_name),
    TYKPP_BIND("coprocess_options.grpc_keepalive_time", setSeconds, plugins.grpc.keepalive_time),
    TYKPP_BIND("coprocess_options.grpc_max_calls", setSomeCount, plugins.grpc.max_calls, 1'000'000),
    TYKPP_BIND("coprocess_options.grpc_busy_poll_us", setMicroseconds, plugins.grpc.busy_poll, 10'000),
    TYKPP_BIND("python_workers", setSomeCount, plugins.python_workers, 256),
    TYKPP_BIND("python_site_packages", setList, plugins.python_site_packages),
    TYKPP_BIND("bundle_timeout_ms", setTime, plugins.bundle_timeout, kMaxSeconds),
    TYKPP_BIND("bundle_max_size", setLimit, plugins.bundle_max_size),
    TYKPP_BIND("bundle_max_unpacked_size", setLimit, plugins.bundle_max_unpacked_size),
    TYKPP_BIND("bundle_max_files", setSomeCount, plugins.bundle_max_files, 1000000),
    TYKPP_BIND("bundle_revalidate", setFlag, plugins.bundle_revalidate),
    TYKPP_BIND("plugin_on_error", setOneOf, plugin_on_error, {"fail", "skip"}),
    TYKPP_BIND("max_buffered_body_size", setLimit, max_buffered_body_size),
    TYKPP_BIND("max_header_size", setLimit, max_header_size),
    TYKPP_BIND("enable_separate_cache_store", setFlag, cache.separate_store),
    TYKPP_BIND("cache_max_answer_size", setAnswerSize, cache.max_answer_size),
    TYKPP_BIND("cache_lookup_timeout_ms", setTime, cache.lookup_timeout, 60'000),
    TYKPP_BIND("idle_timeout", setSeconds, idle_timeout),
};
// clang-format on

constexpr std::string_view kAnalyticsStorage = "analytics_storage.";
constexpr std::string_view kCacheStorage = "cache_storage.";
/// The key of `storage` for one of a block of the same shape.
std::string_view asStorage(std::string_view path) {
  for (const std::string_view block : {kAnalyticsStorage, kCacheStorage}) {
    if (path.starts_with(block)) return path.substr(block.find('_') + 1);
  }
  return path;
}

/// Fills another block of the shape of `storage`.
std::string bindBlock(StorageConfig& block, std::string_view path, const Json& value,
                      GatewayConfig& config) {
  std::swap(config.storage, block);
  std::string wrong = bindValue(asStorage(path), value, config);
  std::swap(config.storage, block);
  return wrong;
}

const Binding* findBinding(std::string_view path) {
  for (const std::span<const Binding> table :
       {std::span<const Binding>(kBindings), identityBindings(), tlsBindings(),
        analyticsBindings()}) {
    for (const Binding& binding : table) {
      if (binding.path == path) return &binding;
    }
  }
  return nullptr;
}

}  // namespace

std::string bindValue(std::string_view path, const Json& value, GatewayConfig& config) {
  if (path.starts_with(kAnalyticsStorage))
    return bindBlock(config.analytics_storage, path, value, config);
  if (path.starts_with(kCacheStorage)) return bindBlock(config.cache.storage, path, value, config);
  const Binding* binding = findBinding(path);
  return binding == nullptr ? std::string{} : binding->set(config, value);
}

bool isBound(std::string_view path) { return findBinding(asStorage(path)) != nullptr; }

}  // namespace tykpp::definition
