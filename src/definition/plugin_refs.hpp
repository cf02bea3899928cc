#pragma once
// The plugins that a definition names, and the bundles they come from. Immutable after loading.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tykpp::definition {

enum class OnPluginError : std::uint8_t { kFail, kSkip };

/// One entry of `custom_middleware.<hook>[]`, `auth_check` or `analytics_plugin`.
struct PluginRef {
  std::string name;  ///< `name` or `func_name`: function, class or hook name
  std::string path;  ///< `path` or `plugin_path`; absolute, except for shared objects
  std::string code;  ///< `code`: the source in base64, instead of a file
  std::string
      driver;  ///< the entry's own, else `custom_middleware.driver`, else what the hook implies
  /// `grpc_server` (ours): the entry's own, else `custom_middleware.grpc_server`, else the
  /// configuration's; of the driver `grpc` alone
  std::string grpc_server;
  /// `isolate` (ours): a shared object runs in a process of its own, or in the gateway's; absent:
  /// as its driver says
  std::optional<bool> isolate;
  bool require_session = false;
  bool raw_body_only = false;
  std::chrono::milliseconds timeout{2000};        ///< `timeout_ms` (ours)
  OnPluginError on_error = OnPluginError::kFail;  ///< `on_error` (ours)
  std::string pointer;     ///< where it stands in the definition, for error messages
  std::size_t bundle = 0;  ///< which of `ApiSpec::bundle.parts` it came with, where there are any
};

/// One enabled entry of `extended_paths.virtual[]`: an endpoint that a JavaScript function answers.
struct VirtualEndpoint {
  std::string path;      ///< pattern within the API, as written
  std::string method;    ///< matched as written; an empty one matches no request
  std::string function;  ///< `response_function_name`
  std::string source;    ///< absolute path of the file, or the source in base64
  bool is_blob = false;  ///< `source` is base64
  bool use_session = false;
  bool proxy_on_error = false;
  std::string pointer;
};

/// One enabled entry of `extended_paths.go_plugin[]`: a function that requests to an endpoint pass.
struct EndpointPlugin {
  std::string path;    ///< pattern within the API, as written
  std::string method;  ///< matched as written; an empty one matches no request
  PluginRef plugin;    ///< `func_name` and `plugin_path`
};

/// A bundle that plugins of an API came with.
struct BundlePart {
  std::string name;                ///< one name of `custom_middleware_bundle`
  std::string folder;              ///< where it is unpacked, absolute
  std::vector<std::string> files;  ///< the manifest's `file_list`
};

/// Where the plugins of an API came from, when it has a bundle or several.
struct BundleRef {
  std::string name;      ///< `custom_middleware_bundle`, commas between several; empty: none
  std::string hash;      ///< hex MD5 of the name
  std::string checksum;  ///< of the content, to tell versions apart
  std::vector<BundlePart> parts;  ///< in the order of their names; empty: not there (yet)
};

/// The plugins of an API, disabled and nameless entries dropped. A keyless API has neither `auth`
/// nor `post_auth`.
struct PluginHooks {
  std::vector<PluginRef> pre;
  std::optional<PluginRef> auth;
  std::vector<PluginRef> post_auth;
  std::vector<PluginRef> post;
  std::vector<PluginRef> response;
  std::optional<PluginRef> analytics;
};

}  // namespace tykpp::definition
