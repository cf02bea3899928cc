// The plugins of a Classic definition.

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/ascii.hpp"
#include "base/digest.hpp"
#include "definition/bundle_hooks.hpp"
#include "definition/impl/classic_shape.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/impl/endpoint_entries.hpp"
#include "definition/impl/resolved_path.hpp"

namespace tykpp::definition {
namespace {

enum class HookKind : std::uint8_t { kRequest, kResponse, kAnalytics, kEndpoint };

/// Longest time a plugin may be given.
constexpr std::int64_t kMaxTimeoutMs = 3'600'000;

/// The reference's runtimes besides its shared objects. Analytics hooks, functions of endpoints and
/// `.so` files never run in them, whatever the API's driver says.
bool isScriptDriver(std::string_view driver) {
  constexpr std::string_view kDrivers[] = {"",       "otto", "javascript", "goja",
                                           "python", "lua",  "grpc"};
  return std::find(std::begin(kDrivers), std::end(kDrivers), driver) != std::end(kDrivers);
}

/// Whether entries have `func_name` and `plugin_path` instead of `name` and `path`.
bool isNamedByFunction(HookKind kind) {
  return kind == HookKind::kAnalytics || kind == HookKind::kEndpoint;
}

std::string driverFor(std::string_view own, std::string_view common, HookKind kind,
                      std::string_view path) {
  if (!own.empty()) return std::string(own);
  const bool shared_object =
      isNamedByFunction(kind) || (kind == HookKind::kResponse && path.ends_with(".so"));
  if (shared_object && isScriptDriver(common)) return "goplugin";
  if (common.empty() && path.ends_with(".js")) return "otto";
  return std::string(common);
}

/// Drivers that take a path as it is: they have rules of their own for finding a shared object.
bool findsItsFile(std::string_view driver) { return driver == "native" || driver == "goplugin"; }

struct HookReader {
  const GatewayConfig& config;
  Report& report;
  const ApiSpec& spec;
  std::size_t bundle;
  const BundlePart* part;        ///< null: the definition's own hooks
  std::string_view grpc_server;  ///< of the hooks that name none

  PluginRef entry(const Json& value, HookKind kind, const std::string& pointer) const {
    const bool by_function = isNamedByFunction(kind);
    PluginRef ref;
    ref.name = textOf(value, by_function ? "func_name" : "name");
    ref.path = textOf(value, by_function ? "plugin_path" : "path");
    ref.code = textOf(value, "code");
    ref.driver = driverFor(textOf(value, "driver"), spec.driver, kind, ref.path);
    ref.bundle = bundle;
    if (part != nullptr) {
      ref.path = resolvedPath(std::move(ref.path), part->folder);
    } else if (!findsItsFile(ref.driver)) {
      ref.path = resolvedPath(std::move(ref.path), config.working_directory);
    }
    readServer(value, ref, pointer);
    readIsolate(value, ref, pointer);
    ref.require_session = flagOf(value, "require_session");
    ref.raw_body_only = flagOf(value, "raw_body_only");
    // The reference's own limit for JavaScript; the other runtimes have none there.
    ref.timeout = ref.driver == "otto" ? std::chrono::milliseconds(config.plugins.jsvm_timeout)
                                       : config.plugin_timeout;
    ref.on_error = config.plugin_on_error == "skip" ? OnPluginError::kSkip : OnPluginError::kFail;
    ref.pointer = pointer;
    if (const Json* timeout = member(value, "timeout_ms");
        timeout != nullptr && timeout->is_number_integer()) {
      const auto given = timeout->get<std::int64_t>();
      if (given < 1 || given > kMaxTimeoutMs) {
        report.error(pointer + "/timeout_ms",
                     "has to be 1 to " + std::to_string(kMaxTimeoutMs) + " milliseconds");
      } else {
        ref.timeout = std::chrono::milliseconds(given);
      }
    }
    if (const Json* on_error = member(value, "on_error");
        on_error != nullptr && on_error->is_string()) {
      const std::string_view given = textOf(value, "on_error");
      if (given != "fail" && given != "skip") {
        report.error(pointer + "/on_error",
                     "has to be \"fail\" or \"skip\", not \"" + std::string(given) + "\"");
      }
      ref.on_error = given == "skip" ? OnPluginError::kSkip : OnPluginError::kFail;
    }
    return ref;
  }

  /// Which plugin server an entry of the driver `grpc` is called at.
  void readServer(const Json& value, PluginRef& ref, const std::string& pointer) const {
    const std::string_view own = textOf(value, "grpc_server");
    if (ref.driver != "grpc") {
      if (!own.empty()) {
        report.error(
            pointer + "/grpc_server",
            "only a plugin of the driver grpc has a server, this one's is \"" + ref.driver + "\"");
      }
      return;
    }
    ref.grpc_server = std::string(!own.empty()           ? own
                                  : !grpc_server.empty() ? grpc_server
                                                         : config.plugins.grpc.server);
  }

  /// Whether a shared object runs in a process of its own.
  void readIsolate(const Json& value, PluginRef& ref, const std::string& pointer) const {
    const Json* isolate = member(value, "isolate");
    if (isolate == nullptr || !isolate->is_boolean()) return;
    if (!findsItsFile(ref.driver)) {
      report.error(pointer + "/isolate",
                   "only a plugin of the drivers native and goplugin can be isolated, this one's "
                   "is \"" +
                       ref.driver + "\"");
      return;
    }
    ref.isolate = isolate->get<bool>();
  }

  std::vector<PluginRef> list(const Json& middleware, const char* name, HookKind kind) const {
    std::vector<PluginRef> hooks;
    const Json* entries = member(middleware, name);
    if (entries == nullptr || !entries->is_array()) return hooks;
    std::size_t index = 0;
    for (const Json& value : *entries) {
      const std::string pointer = pointerTo(pointerTo("/custom_middleware", name), index++);
      if (flagOf(value, "disabled") || textOf(value, "name").empty()) continue;
      hooks.push_back(entry(value, kind, pointer));
    }
    return hooks;
  }
};

/// Calls `visit(entry, pointer)` for every enabled entry of a list of endpoints, of the version
/// that is served.
template <class Visit>
void forEachEndpoint(const Json& document, const std::string& list, Visit&& visit) {
  std::string key;
  const Json* version = selectedVersion(document, key, nullptr);
  if (version == nullptr || !flagOf(*version, "use_extended_paths")) return;
  forEachListed(
      *version, pointerTo("/version_data/versions", key), list,
      [&](const Json& value, const EndpointPlace& place) { visit(value, place.pointer); });
}

std::vector<VirtualEndpoint> readVirtualEndpoints(const Json& document,
                                                  const GatewayConfig& config) {
  std::vector<VirtualEndpoint> endpoints;
  forEachEndpoint(document, "virtual", [&](const Json& value, const std::string& pointer) {
    VirtualEndpoint endpoint;
    endpoint.path = textOf(value, "path");
    endpoint.method = textOf(value, "method");
    endpoint.function = textOf(value, "response_function_name");
    endpoint.is_blob = textOf(value, "function_source_type") == "blob";
    endpoint.source = textOf(value, "function_source_uri");
    // Relative to the working directory, also where a bundle is used.
    if (!endpoint.is_blob) {
      endpoint.source = resolvedPath(std::move(endpoint.source), config.working_directory);
    }
    endpoint.use_session = flagOf(value, "use_session");
    endpoint.proxy_on_error = flagOf(value, "proxy_on_error");
    endpoint.pointer = pointer;
    endpoints.push_back(std::move(endpoint));
  });
  return endpoints;
}

/// Paths of their files are relative to the working directory, also where a bundle is used.
std::vector<EndpointPlugin> readEndpointPlugins(const Json& document, const HookReader& reader) {
  std::vector<EndpointPlugin> endpoints;
  forEachEndpoint(document, "go_plugin", [&](const Json& value, const std::string& pointer) {
    endpoints.push_back({std::string(textOf(value, "path")), std::string(textOf(value, "method")),
                         reader.entry(value, HookKind::kEndpoint, pointer)});
  });
  return endpoints;
}

/// The loaders of files by convention: `<middleware_path>/<api_id>/<folder>/*.js`.
class PluginFolders {
 public:
  PluginFolders(const GatewayConfig& config, const ApiSpec& spec)
      : config_(config),
        root_(
            std::filesystem::path(resolvedPath(config.middleware_path, config.working_directory)) /
            spec.api_id) {}

  /// One look at the disk tells most APIs that they have none.
  bool exist() const {
    std::error_code error;
    return std::filesystem::is_directory(root_, error);
  }

  std::vector<PluginRef> in(const char* folder) const {
    std::vector<PluginRef> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / folder, error)) {
      if (entry.path().extension() != ".js" || !entry.is_regular_file(error)) continue;
      PluginRef ref;
      const std::string file = entry.path().filename().string();
      ref.name = file.substr(0, file.find('.'));
      ref.path = entry.path().string();
      ref.driver = "otto";
      ref.require_session = ref.name.ends_with("_with_session");
      ref.timeout = std::chrono::milliseconds(config_.plugins.jsvm_timeout);
      ref.on_error =
          config_.plugin_on_error == "skip" ? OnPluginError::kSkip : OnPluginError::kFail;
      ref.pointer = "/custom_middleware";
      found.push_back(std::move(ref));
    }
    std::sort(found.begin(), found.end(),
              [](const PluginRef& a, const PluginRef& b) { return a.path < b.path; });
    return found;
  }

 private:
  const GatewayConfig& config_;
  std::filesystem::path root_;
};

void append(std::vector<PluginRef>& to, std::vector<PluginRef> more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

/// Files by convention. Only an API whose driver is `otto` can run them; for another they are found
/// all the same, and its driver answers for them, as in the reference.
void addFolders(const GatewayConfig& config, ApiSpec& spec) {
  const PluginFolders folders(config, spec);
  if (!folders.exist()) return;
  const auto own = [&spec](std::vector<PluginRef> list) {
    for (PluginRef& ref : list) ref.driver = spec.driver;
    return list;
  };
  append(spec.hooks.pre, own(folders.in("pre")));
  append(spec.hooks.post, own(folders.in("post")));
  if (spec.use_keyless) return;
  std::vector<PluginRef> first = own(folders.in("post_auth"));
  append(first, std::move(spec.hooks.post_auth));
  spec.hooks.post_auth = std::move(first);
  if (std::vector<PluginRef> checks = own(folders.in("auth")); !checks.empty() && spec.custom_auth)
    spec.hooks.auth = std::move(checks.back());
}

}  // namespace

void addHooks(const Json& middleware, std::size_t bundle, const GatewayConfig& config,
              ApiSpec& spec, Report& report) {
  const BundlePart* part = bundle < spec.bundle.parts.size() ? &spec.bundle.parts[bundle] : nullptr;
  const HookReader reader{config, report, spec, bundle, part, textOf(middleware, "grpc_server")};
  append(spec.hooks.pre, reader.list(middleware, "pre", HookKind::kRequest));
  append(spec.hooks.post, reader.list(middleware, "post", HookKind::kRequest));
  append(spec.hooks.response, reader.list(middleware, "response", HookKind::kResponse));
  if (spec.use_keyless) return;
  append(spec.hooks.post_auth, reader.list(middleware, "post_key_auth", HookKind::kRequest));
  const Json* check = member(middleware, "auth_check");
  if (spec.custom_auth && check != nullptr && !flagOf(*check, "disabled") &&
      !textOf(*check, "name").empty()) {
    spec.hooks.auth = reader.entry(*check, HookKind::kRequest, "/custom_middleware/auth_check");
  }
}

void finishHooks(const Json& document, std::size_t analytics_bundle, const GatewayConfig& config,
                 ApiSpec& spec, Report& report) {
  const bool complete = spec.bundle.name.empty() || !spec.bundle.parts.empty();
  if (!spec.use_keyless && spec.custom_auth && !spec.hooks.auth && complete) {
    // Served without the check, the API would be open to everybody.
    report.error("/custom_middleware/auth_check",
                 "authentication by a plugin is switched on, but auth_check names no function or "
                 "is disabled");
  }
  const Json* analytics = member(document, "analytics_plugin");
  if (analytics != nullptr && flagOf(*analytics, "enable") &&
      !textOf(*analytics, "func_name").empty()) {
    const BundlePart* part = analytics_bundle < spec.bundle.parts.size()
                                 ? &spec.bundle.parts[analytics_bundle]
                                 : nullptr;
    const HookReader reader{config, report, spec, analytics_bundle, part, {}};
    spec.hooks.analytics = reader.entry(*analytics, HookKind::kAnalytics, "/analytics_plugin");
  }
  addFolders(config, spec);
  spec.virtual_endpoints = readVirtualEndpoints(document, config);
  spec.endpoint_plugins =
      readEndpointPlugins(document, HookReader{config, report, spec, 0, nullptr, {}});
}

void readHooks(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report) {
  static const Json kEmpty = Json::object();
  const Json* found = member(document, "custom_middleware");
  const Json& middleware = found != nullptr && found->is_object() ? *found : kEmpty;
  spec.driver = textOf(middleware, "driver");
  spec.hooks = {};
  addHooks(middleware, 0, config, spec, report);
  finishHooks(document, 0, config, spec, report);
}

void readBundle(const Json& document, ApiSpec& spec, Report& report) {
  if (flagOf(document, "custom_middleware_bundle_disabled")) return;
  spec.bundle.name = textOf(document, "custom_middleware_bundle");
  if (spec.bundle.name.empty()) return;
  spec.bundle.hash = md5Hex(spec.bundle.name);
  if (const auto names = bundleNames(spec.bundle.name); !names) {
    report.error("/custom_middleware_bundle", names.error().message());
  }
}

}  // namespace tykpp::definition
