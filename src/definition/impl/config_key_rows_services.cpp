#include "definition/impl/config_key_rows.hpp"

namespace tykpp::definition {
namespace {
using namespace key_rows;

// clang-format off
constexpr KeyRow kAnalytics[] = {
    {"enable_analytics", kBool, kYes, "false", "Record each request, for Redis and for analytics plugins"},
    {"analytics_config.type", kStr, kYes, "", "Anything but `rpc` (MDCB, not built) means Redis"},
    {"analytics_config.ignored_ips", kList, kYes, "[]", "Client addresses without records"},
    {"analytics_config.enable_detailed_recording", kBool, kYes, "false", "Whole request and answer in each record"},
    {"analytics_config.enable_geo_ip", kBool, kNot, "false", "Look the client's place up"},
    {"analytics_config.geo_ip_db_path", kStr, kNot, "", "MaxMind file", "ANALYTICSCONFIG_GEOIPDBLOCATION"},
    {"analytics_config.normalise_urls.enabled", kBool, kYes, "false", "Replace variable parts of paths"},
    {"analytics_config.normalise_urls.normalise_uuids", kBool, kYes, "false", "UUIDs become `{uuid}`"},
    {"analytics_config.normalise_urls.normalise_ulids", kBool, kYes, "false", "ULIDs become `{ulid}`"},
    {"analytics_config.normalise_urls.normalise_numbers", kBool, kYes, "false", "`/123` becomes `/{id}`"},
    {"analytics_config.normalise_urls.custom_patterns", kList, kYes, "[]", "Their matches become `{var}`", "ANALYTICSCONFIG_NORMALISEURLS_CUSTOM"},
    {"analytics_config.pool_size", kInt, kNil, "0", "Each worker writes its own records"},
    {"analytics_config.records_buffer_size", kInt, kYes, "1000", "Records that may wait in each worker, at least 1000; others are dropped"},
    {"analytics_config.storage_expiration_time", kInt, kYes, "60", "Seconds the list lives in Redis; below 0: for ever"},
    {"analytics_config.enable_multiple_analytics_keys", kBool, kYes, "false", "Ten lists in place of one"},
    {"analytics_config.purge_interval", kFloat, kNot, "10", "Seconds, MDCB"},
    {"analytics_config.serializer_type", kStr, kYes, "msgpack", "`protobuf` or `msgpack`"},
    {"db_app_conf_options.node_is_segmented", kBool, kYes, "false", "Records get the tags of the node"},
    {"db_app_conf_options.tags", kList, kYes, "[]", "Tags of the node: gateways with the same ones share limits"},
    {"analytics_config.max_recorded_body", kInt, kYes, "1048576", "tykpp: bytes of a body that a detailed record keeps"},
};

constexpr KeyRow kHealth[] = {
    {"health_check.enable_health_checks", kBool, kNot, "false", "Counters for `/tyk/health`"},
    {"health_check.health_check_value_timeouts", kInt, kNot, "0", "Seconds the counters cover", "HEALTHCHECK_HEALTHCHECKVALUETIMEOUT"},
    {"uptime_tests.disable", kBool, kNot, "false", "No uptime tests"},
    {"uptime_tests.poller_group", kStr, kNot, "", "Election group"},
    {"uptime_tests.config.failure_trigger_sample_size", kInt, kNot, "3", "Failures before a host is down"},
    {"uptime_tests.config.time_wait", kInt, kNot, "10", "Seconds between runs"},
    {"uptime_tests.config.checker_pool_size", kInt, kNot, "0", "Threads"},
    {"uptime_tests.config.enable_uptime_analytics", kBool, kNot, "false", "Record the tests"},
    {"event_handlers", kObj, kYes, "{}", "Handlers of the gateway's own events: `{\"events\": {EVENT: [{handler_name, handler_meta}]}}`", ""},
    {"event_triggers_defunct", kObj, kNil, "{}", "Ignored"},
    {"event_trigers_defunct", kObj, kNil, "{}", "Ignored", "EVENTTRIGGERS"},
};

constexpr KeyRow kPlugins[] = {
    {"enable_bundle_downloader", kBool, kYes, "false", "Fetch plugin bundles"},
    {"bundle_base_url", kStr, kYes, "", "Where bundles are"},
    {"bundle_insecure_skip_verify", kBool, kYes, "false", "Do not check certificates when bundles are fetched"},
    {"skip_verify_existing_plugin_bundle", kBool, kYes, "false", "Trust bundles that are unpacked already"},
    {"enable_jsvm", kBool, kYes, "false", "JavaScript plugins"},
    {"jsvm_timeout", kInt, kYes, "5", "Seconds a JavaScript call may take"},
    {"disable_virtual_path_blobs", kBool, kYes, "false", "Virtual endpoints from files only"},
    {"tyk_js_path", kStr, kYes, "", "JavaScript file loaded first"},
    {"middleware_path", kStr, kYes, "middleware", "Directory of plugins"},
    {"coprocess_options.enable_coprocess", kBool, kYes, "false", "Python, Lua and gRPC plugins"},
    {"coprocess_options.coprocess_grpc_server", kStr, kYes, "", "`tcp://host:port`, `tls://host:port`, `dns:///name:port` or `unix:///path`"},
    {"coprocess_options.grpc_recv_max_size", kInt, kYes, "0", "Bytes an answer of a plugin server may have; 0: 4 MiB"},
    {"coprocess_options.grpc_send_max_size", kInt, kYes, "0", "Bytes a call of a plugin server may have; 0: no limit"},
    {"coprocess_options.grpc_authority", kStr, kYes, "", "`:authority` of calls; empty: the server's name"},
    {"coprocess_options.grpc_round_robin_load_balancing", kBool, kYes, "false", "Spread calls over the addresses of a server's name"},
    {"coprocess_options.grpc_tls_ca_file", kStr, kYes, "", "PEM file of authorities for `tls://` servers; empty: the system's"},
    {"coprocess_options.grpc_tls_cert_file", kStr, kYes, "", "PEM file of the certificate the gateway shows to `tls://` servers"},
    {"coprocess_options.grpc_tls_key_file", kStr, kYes, "", "PEM file of its key"},
    {"coprocess_options.grpc_tls_server_name", kStr, kYes, "", "Name in the certificate of a `tls://` server; empty: that of its address"},
    {"coprocess_options.grpc_keepalive_time", kInt, kYes, "0", "Seconds of silence after which a plugin server is pinged while calls wait; 0: never"},
    {"coprocess_options.grpc_max_calls", kInt, kYes, "4096", "Calls of plugin servers that may wait, a worker; more are refused"},
    {"coprocess_options.grpc_busy_poll_us", kInt, kYes, "200", "Microseconds an idle worker polls for a lone answer and what follows it; 0: never"},
    {"coprocess_options.python_path_prefix", kStr, kYes, "", "Directory of the Python package `tyk`"},
    {"coprocess_options.python_version", kStr, kYes, "", "Python release; empty: the newest one found"},
    {"streaming.enabled", kBool, kNot, "false", "Streams"},
    {"streaming.allow_unsafe", kList, kNot, "[]", "Stream components allowed all the same"},
    {"labs", kJsonObj, kNot, "{}", "Experiments"},
};

constexpr KeyRow kLogs[] = {
    {"log_level", kStr, kYes, "info", "`debug`, `info`, `warn` or `error`"},
    {"log_format", kStr, kYes, "text", "`text` or `json`"},
    {"access_logs.enabled", kBool, kNot, "false", "One line a request"},
    {"access_logs.template", kList, kNot, "[]", "Fields of that line; empty: all"},
    {"use_redis_log", kBool, kNot, "false", "Publish log lines"},
    {"use_sentry", kBool, kNot, "false", "Sentry"},
    {"sentry_code", kStr, kNot, "", "Sentry address", nullptr, kSecret},
    {"sentry_log_level", kStr, kNot, "", "Sentry level"},
    {"use_syslog", kBool, kNot, "false", "Syslog"},
    {"syslog_transport", kStr, kNot, "", "`tcp`, `udp` or empty"},
    {"syslog_network_addr", kStr, kNot, "", "`host:port`"},
    {"use_graylog", kBool, kNot, "false", "Graylog"},
    {"graylog_network_addr", kStr, kNot, "", "`host:port`"},
    {"use_logstash", kBool, kNot, "false", "Logstash"},
    {"logstash_transport", kStr, kNot, "", "`tcp` or `udp`"},
    {"logstash_network_addr", kStr, kNot, "", "`host:port`"},
    {"statsd_connection_string", kStr, kNot, "", "StatsD address"},
    {"statsd_prefix", kStr, kNot, "", "StatsD prefix"},
    {"tracing.enabled", kBool, kNot, "false", "OpenTracing", "TRACER_ENABLED"},
    {"tracing.name", kStr, kNot, "", "`zipkin` or `jaeger`", "TRACER_NAME"},
    {"tracing.options", kObj, kNot, "{}", "Options of the tracer", "TRACER_OPTIONS"},
    {"newrelic.app_name", kStr, kNot, "", "New Relic"},
    {"newrelic.license_key", kStr, kNot, "", "New Relic", nullptr, kSecret},
    {"newrelic.enable_distributed_tracing", kBool, kNot, "false", "New Relic"},
};

constexpr KeyRow kKv[] = {
    {"secrets", kMap, kYes, "{}", "Values for `secrets://name`", nullptr, kSecret},
    {"kv.consul.address", kStr, kNot, "", "`host:port`"},
    {"kv.consul.scheme", kStr, kNot, "http", "`http` or `https`"},
    {"kv.consul.datacenter", kStr, kNot, "", "Data centre"},
    {"kv.consul.http_auth.username", kStr, kNot, "", "User"},
    {"kv.consul.http_auth.password", kStr, kNot, "", "Password", nullptr, kSecret},
    {"kv.consul.wait_time", kDur, kNot, "0s", "Longest wait"},
    {"kv.consul.token", kStr, kNot, "", "Token", nullptr, kSecret},
    {"kv.consul.tls_config.address", kStr, kNot, "", "Server name"},
    {"kv.consul.tls_config.ca_file", kStr, kNot, "", "Certificate authorities"},
    {"kv.consul.tls_config.ca_path", kStr, kNot, "", "Directory of authorities"},
    {"kv.consul.tls_config.cert_file", kStr, kNot, "", "Client certificate"},
    {"kv.consul.tls_config.key_file", kStr, kNot, "", "Its key"},
    {"kv.consul.tls_config.insecure_skip_verify", kBool, kNot, "false", "Do not check the certificate"},
    {"kv.vault.address", kStr, kNot, "", "Address"},
    {"kv.vault.agent_address", kStr, kNot, "", "Address of the agent"},
    {"kv.vault.max_retries", kInt, kNot, "0", "Retries"},
    {"kv.vault.timeout", kDur, kNot, "0s", "Longest wait"},
    {"kv.vault.token", kStr, kNot, "", "Token", nullptr, kSecret},
    {"kv.vault.kv_version", kInt, kNot, "2", "1 or 2"},
    {"kv.file.base_path", kStr, kNot, "", "Root of `file://` references"},
    {"kv.stores", kObj, kNot, "{}", "Further stores", "", kSecret},
    {"override_messages", kObj, kYes, "{}", "Other texts and codes for error answers: `{ID: {message, code}}`", ""},
    {"error_overrides", kObj, kNot, "{}", "Rules that replace error answers", ""},
};

constexpr KeyRow kIgnored[] = {
    {"db_app_conf_options.connection_string", kStr, kNil, "", "Dashboard"},
    {"db_app_conf_options.connection_timeout", kInt, kNil, "0", "Dashboard"},
    {"disable_dashboard_zeroconf", kBool, kNil, "false", "Dashboard"},
    {"slave_options", kObj, kNil, "{}", "MDCB; `use_rpc` is reported, it has no counterpart here"},
    {"disable_auto_max_procs", kBool, kNil, "false", "Go runtime"},
};

constexpr KeyRow kExporter[] = {
    {"exporter", kStr, kNot, "grpc", "`grpc` or `http`"},
    {"endpoint", kStr, kNot, "localhost:4317", "Collector"},
    {"headers", kMap, kNot, "{}", "Headers for the collector"},
    {"connection_timeout", kInt, kNot, "1", "Seconds"},
    {"resource_name", kStr, kNot, "tyk-gateway", "Service name"},
    {"tls.enable", kBool, kNot, "false", "TLS to the collector"},
    {"tls.insecure_skip_verify", kBool, kNot, "false", "Do not check its certificate"},
    {"tls.ca_file", kStr, kNot, "", "Certificate authorities"},
    {"tls.cert_file", kStr, kNot, "", "Client certificate"},
    {"tls.key_file", kStr, kNot, "", "Its key"},
    {"tls.max_version", kStr, kNot, "1.3", "Highest TLS version"},
    {"tls.min_version", kStr, kNot, "1.2", "Lowest TLS version"},
};
constexpr KeyRow kTrace[] = {
    {"enabled", kBool, kNot, "false", "Traces"},
    {"span_processor_type", kStr, kNot, "batch", "`batch` or `simple`"},
    {"span_batch_config.max_queue_size", kInt, kNot, "2048", "Spans that may wait"},
    {"span_batch_config.max_export_batch_size", kInt, kNot, "512", "Spans sent at once"},
    {"span_batch_config.batch_timeout", kInt, kNot, "5", "Seconds"},
    {"context_propagation", kStr, kNot, "tracecontext", "`tracecontext`, `b3`, `custom` or `composite`"},
    {"custom_trace_header", kStr, kNot, "", "Header for `custom`"},
    {"sampling.type", kStr, kNot, "AlwaysOn", "`AlwaysOn`, `AlwaysOff` or `TraceIDRatioBased`"},
    {"sampling.rate", kFloat, kNot, "0", "Share of traces"},
    {"sampling.parent_based", kBool, kNot, "false", "Follow the caller's decision"},
};
constexpr KeyRow kMetrics[] = {
    {"enabled", kBool, kNot, "false", "Metrics"},
    {"export_interval", kInt, kNot, "60", "Seconds"},
    {"temporality", kStr, kNot, "cumulative", "`cumulative` or `delta`"},
    {"shutdown_timeout", kInt, kNot, "30", "Seconds"},
    {"retry.enabled", kBool, kNot, "true", "Send again"},
    {"retry.initial_interval", kInt, kNot, "5000", "Milliseconds"},
    {"retry.max_interval", kInt, kNot, "30000", "Milliseconds"},
    {"retry.max_elapsed_time", kInt, kNot, "60000", "Milliseconds"},
    {"cardinality_limit", kInt, kNot, "2000", "Label sets a metric may have"},
    {"runtime_metrics", kBool, kNot, "false", "Figures of the process"},
    {"api_metrics", kArr, kNot, "[]", "Metrics of one's own", ""},
};
constexpr KeyRow kServiceProxy[] = {
    {"enabled", kBool, kNot, "false", "Use a proxy"},
    {"http_proxy", kStr, kNot, "", "For http addresses"},
    {"https_proxy", kStr, kNot, "", "For https addresses"},
    {"bypass_proxy", kStr, kNot, "", "Hosts reached without it"},
};
constexpr KeyRow kMtls[] = {
    {"enabled", kBool, kNot, "false", "Client certificate"},
    {"cert_file", kStr, kNot, "", "Certificate"},
    {"key_file", kStr, kNot, "", "Its key"},
    {"ca_file", kStr, kNot, "", "Certificate authorities"},
    {"cert_id", kStr, kNot, "", "Certificate in the store"},
    {"ca_cert_ids", kList, kNot, "[]", "Authorities in the store"},
    {"insecure_skip_verify", kBool, kNot, "false", "Do not check the server's certificate"},
    {"tls_min_version", kStr, kNot, "1.2", "Lowest TLS version"},
    {"tls_max_version", kStr, kNot, "1.3", "Highest TLS version"},
};

constexpr KeyGroup kServiceGroups[] = {
    {"Analytics", kAnalytics},
    {"Health, uptime tests, events", kHealth},
    {"Plugins and streams", kPlugins},
    {"Logs, traces, metrics", kLogs},
    {"Secrets and messages", kKv},
    {"Accepted without effect", kIgnored},
};
// clang-format on

}  // namespace

std::span<const KeyGroup> serviceKeyGroups() { return kServiceGroups; }
std::span<const KeyRow> exporterRows() { return kExporter; }
std::span<const KeyRow> traceRows() { return kTrace; }
std::span<const KeyRow> metricRows() { return kMetrics; }
std::span<const KeyRow> proxyRows() { return kServiceProxy; }
std::span<const KeyRow> mtlsRows() { return kMtls; }

}  // namespace tykpp::definition
