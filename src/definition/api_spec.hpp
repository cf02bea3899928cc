#pragma once
// One API as the gateway runs it, whatever format it came in: Classic and OAS definitions both
// become this. Immutable after loading. Field comments name the Classic field;
// spec/api-definitions.md has its meaning.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "definition/access_rules.hpp"
#include "definition/event_handlers.hpp"
#include "definition/plugin_refs.hpp"

namespace tykpp::definition {

struct AuthRules;
struct CacheRules;
struct LimitRules;
struct ListenerRules;
struct TrafficRules;
struct TransformRules;
struct UpstreamTrust;
struct VersionRules;

/// An upstream address, parsed once. Text as in `proxy.target_url`; scheme-less list entries have
/// got one.
struct TargetUrl {
  std::string text;
  std::string scheme;  ///< http, https, ws, wss, h2c or tyk
  std::string host;    ///< without port and brackets
  std::uint16_t port = 0;
  std::string host_header;  ///< host[:port] as written
  std::string path;         ///< decoded
  std::string raw_path;     ///< as written
  std::string query;

  bool tls() const noexcept { return scheme == "https" || scheme == "wss"; }
};

/// `proxy.transport` merged over the configuration's `proxy_ssl_*`.
struct UpstreamTls {
  bool insecure_skip_verify = false;
  int min_version = 0;  ///< 769..772, 0: default
  int max_version = 0;
  std::vector<std::string> ciphers;  ///< IANA names, TLS 1.2 and below
  bool force_common_name_check = false;
  /// A PEM file with certificate and key, or an id of the certificate store; or empty.
  std::string client_certificate;
  /// What one of the upstream's certificates has to be known by: SHA-256 of its public key in hex,
  /// or a certificate or key of the store or a file. Empty: anything.
  std::vector<std::string> pinned_keys;
  bool operator==(const UpstreamTls&) const = default;
};

struct ApiSpec {
  // Identity and origin.
  std::string file;      ///< the definition's file
  std::string checksum;  ///< of everything that was read for it: equal checksums are the same API
  std::string id;        ///< `id`
  std::string api_id;
  std::string org_id;
  std::string name;
  std::string slug;
  bool active = false;
  bool internal = false;
  bool is_oas = false;
  std::string classic_text;  ///< the Classic definition as JSON text, for the admin API
  std::string oas_text;      ///< the OAS document as JSON text, or empty

  // Routing.
  std::string listen_path;         ///< `proxy.listen_path`, normalised (spec section 8.1)
  std::string wanted_listen_path;  ///< what it was before a collision changed it, else empty
  bool strip_listen_path = false;
  std::string domain;  ///< `domain`, empty when there is none
  bool domain_disabled = false;
  std::uint16_t listen_port = 0;  ///< 0: the gateway's

  // Upstream.
  TargetUrl target;                ///< `proxy.target_url`
  std::vector<TargetUrl> targets;  ///< `proxy.target_list` when load balancing is on, else empty
  bool preserve_host_header = false;
  bool disable_strip_slash = false;
  UpstreamTls tls;  ///< of every target; what differs by host is in `trust`
  /// Certificates and pinned keys by host (definition/upstream_trust.hpp). Null: none.
  std::shared_ptr<const UpstreamTrust> trust;
  std::string proxy_url;                                      ///< `proxy.transport.proxy_url`
  std::optional<std::chrono::milliseconds> enforced_timeout;  ///< `global_enforce_timeout`

  // Access.
  IpAccess ip_access;
  Cors cors;
  bool use_keyless = false;
  bool custom_auth = false;             ///< a custom-auth switch is on
  CredentialSource custom_auth_source;  ///< `auth_configs.coprocess`: what events call the key
  /// How clients prove who they are; what it holds is nobody's business but the steps'
  /// (definition/auth_rules.hpp). Null: a
  /// spec that no loader made; it asks for nothing.
  std::shared_ptr<const AuthRules> auth;
  /// How often they may call, and how much they may send (definition/limit_rules.hpp). Null as
  /// above.
  std::shared_ptr<const LimitRules> limits;
  std::string base_identity_provided_by;
  /// Whether the session of a custom authentication plugin becomes the request's.
  bool customAuthGivesSession() const noexcept {
    return base_identity_provided_by.empty() || base_identity_provided_by == "custom_auth";
  }
  std::optional<std::int64_t>
      expires_at;  ///< unix seconds; an unparseable date is 0: always expired

  /// How requests and answers are changed (definition/transform_rules.hpp), of the version that is
  /// served. Null as above.
  std::shared_ptr<const TransformRules> transforms;
  bool context_variables = false;  ///< `enable_context_vars`
  /// Which answers are kept (definition/cache_rules.hpp), of the version that is served. Null:
  /// none.
  std::shared_ptr<const CacheRules> cache;

  // Plugins.
  PluginHooks hooks;
  std::string driver;  ///< `custom_middleware.driver`
  BundleRef bundle;
  std::vector<VirtualEndpoint> virtual_endpoints;  ///< of the version that is served
  std::vector<EndpointPlugin> endpoint_plugins;    ///< of the version that is served
  std::string config_data;  ///< JSON text, empty when there is none or `config_data_disabled`
  bool do_not_track = false;
  /// What is recorded of requests (definition/traffic_rules.hpp). Null as above.
  std::shared_ptr<const TrafficRules> traffic;

  std::vector<EventHandler> event_handlers;  ///< `event_handlers.events`

  /// Which versions there are and how requests choose (definition/version_rules.hpp). Null: none.
  std::shared_ptr<const VersionRules> versioning;
  /// Of the spec of one of several versions (`version_data.versions`): its name. Else empty.
  std::string version_name;

  /// What its port speaks, and certificates (definition/listener_rules.hpp). Null: a spec that no
  /// loader made; it is served on the gateway's port.
  std::shared_ptr<const ListenerRules> listener;
};

/// The bundle that a plugin came with, null when its API has none.
inline const BundlePart* bundleOf(const PluginRef& ref, const ApiSpec& api) {
  return ref.bundle < api.bundle.parts.size() ? &api.bundle.parts[ref.bundle] : nullptr;
}

}  // namespace tykpp::definition
