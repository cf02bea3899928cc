#include "route/router.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/ascii.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "route/impl/path_tree.hpp"
#include "route/impl/pattern.hpp"

namespace tykpp::route {
namespace {

constexpr std::uint32_t kNone = PathTree::kNone;
/// Longer hosts have no domain here (a DNS name ends at 253): no work per dot of a Host made to
/// cost it.
constexpr std::size_t kMaxHostBytes = 512;

/// Hosts compare as written, like the reference: clients send them in lower case
/// (docs/decisions/0003-host-case.md).
struct HostHash : std::hash<std::string_view> {
  using is_transparent = void;
};
template <class Value>
using HostMap = std::unordered_map<std::string, Value, HostHash, std::equal_to<>>;

/// Without `:port`; the colons inside the brackets of an IPv6 address stay.
std::string_view withoutPort(std::string_view host) noexcept {
  const std::size_t colon = host.rfind(':');
  const std::size_t bracket = host.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return host;
  }
  return host.substr(0, colon);
}

/// The length that decides between listen paths: variables do not count, slashes round them do.
std::size_t sortLength(std::string_view path) {
  if (!isPathTemplate(path)) return path.size();
  std::size_t length = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    if (!(segment.starts_with('{') && segment.ends_with('}'))) length += segment.size();
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  return length;
}

std::string_view domainOf(const definition::ApiSpec& api, const definition::GatewayConfig& config) {
  if (config.enable_custom_domains && !api.domain_disabled && !api.domain.empty()) {
    return api.domain;
  }
  return config.hostname;
}

enum class HostKind : std::uint8_t { kName, kTemplate, kWildcard, kAny };

HostKind hostKind(std::string_view domain) noexcept {
  if (domain.empty()) return HostKind::kAny;
  if (domain.starts_with("*.")) return HostKind::kWildcard;
  return isHostPattern(domain) ? HostKind::kTemplate : HostKind::kName;
}

/// An API in the order of registration.
struct Place {
  int domain_class;  ///< 0: with a domain of its own, 1: a wildcard, 2: none
  std::size_t length;
  bool is_template;
  HostKind kind;
  std::size_t position;
};

bool before(const Place& a, const Place& b) noexcept {
  return std::tie(a.domain_class, b.length, a.is_template, a.kind, a.position) <
         std::tie(b.domain_class, a.length, b.is_template, b.kind, b.position);
}

}  // namespace

struct Router::State {
  struct Route {
    std::uint32_t api_index;
    bool by_id;
    bool strict;
    std::uint32_t path_template;  ///< of the listen path, or kNone
    std::string listen_path;      ///< of a route by id alone
  };
  struct Pattern {
    HostPattern pattern;
    std::uint32_t scope;
  };
  struct Best {
    std::uint32_t route = kNone;
    std::size_t size = 0;
  };

  std::vector<Route> routes;  ///< in the order of registration: the lower index wins
  std::vector<PathTemplate> templates;
  HostMap<std::uint32_t> names;  ///< exact hosts to trees
  std::vector<Pattern> patterns;
  HostMap<std::vector<std::uint32_t>> buckets;  ///< HostPattern::bucket() to patterns
  std::uint32_t any_host = kNone;               ///< the tree of APIs without a domain
  std::uint32_t scopes = 0;
  bool ported_names = false;
  PathTree tree;
  std::vector<Refused> refused;

  void search(std::uint32_t scope, std::string_view path, Best& best) const noexcept;
  std::optional<std::size_t> matchListenPath(const Route& route,
                                             std::string_view path) const noexcept;
  void searchPatterns(std::string_view bucket, std::string_view host, std::string_view bare,
                      std::string_view path, Best& best) const noexcept;
  Result<std::uint32_t> scopeOf(std::string_view domain);
  Result<void> add(const RouteEntry& entry, const definition::GatewayConfig& config,
                   std::vector<PathTree::Item>& items, std::vector<std::string>& texts);
};

void Router::State::search(std::uint32_t scope, std::string_view path, Best& best) const noexcept {
  tree.visit(
      scope, path,
      [&best](std::uint32_t route, std::size_t size) {
        if (route < best.route) best = {route, size};
      },
      [&](const PathTree::Candidate* first, const PathTree::Candidate* last) {
        for (; first != last && first->route < best.route; ++first) {
          const auto size = templates[first->path_template].match(path);
          if (size) best = {first->route, *size};
        }
      });
}

std::optional<std::size_t> Router::State::matchListenPath(const Route& route,
                                                          std::string_view path) const noexcept {
  if (route.path_template != kNone) return templates[route.path_template].match(path);
  if (!path.starts_with(route.listen_path)) return std::nullopt;
  return route.listen_path.size();
}

void Router::State::searchPatterns(std::string_view bucket, std::string_view host,
                                   std::string_view bare, std::string_view path,
                                   Best& best) const noexcept {
  const auto found = buckets.find(bucket);
  if (found == buckets.end()) return;
  for (const std::uint32_t index : found->second) {
    const Pattern& entry = patterns[index];
    if (entry.pattern.match(entry.pattern.hasPort() ? host : bare)) search(entry.scope, path, best);
  }
}

Result<std::uint32_t> Router::State::scopeOf(std::string_view domain) {
  if (domain.empty()) {
    if (any_host == kNone) any_host = scopes++;
    return any_host;
  }
  // Patterns are kept under their text as well, so that many APIs on one of them share a tree.
  const auto known = names.find(domain);
  if (known != names.end()) return known->second;
  if (isHostPattern(domain)) {
    auto pattern = HostPattern::compile(domain);
    if (!pattern) return Error(pattern.error()).at("/domain");
    buckets[pattern->bucket()].push_back(static_cast<std::uint32_t>(patterns.size()));
    patterns.push_back({std::move(*pattern), scopes});
  } else if (domain.find(':') != std::string_view::npos) {
    ported_names = true;
  }
  names.emplace(std::string(domain), scopes);
  return scopes++;
}

Result<void> Router::State::add(const RouteEntry& entry, const definition::GatewayConfig& config,
                                std::vector<PathTree::Item>& items,
                                std::vector<std::string>& texts) {
  const definition::ApiSpec& api = *entry.api;
  if (!api.listen_path.starts_with('/')) {
    return Error(Errc::kBadDefinition, "the listen path does not start with a slash")
        .at("/proxy/listen_path");
  }
  std::uint32_t path_template = kNone;
  std::string_view prefix = api.listen_path;
  if (isPathTemplate(prefix)) {
    auto compiled = PathTemplate::compile(prefix);
    if (!compiled) return Error(compiled.error()).at("/proxy/listen_path");
    path_template = static_cast<std::uint32_t>(templates.size());
    prefix = prefix.substr(0, compiled->literalPrefix().size());
    templates.push_back(std::move(*compiled));
  }
  const auto scope = scopeOf(domainOf(api, config));
  if (!scope) return scope.error();
  const auto route = static_cast<std::uint32_t>(routes.size());
  if (!api.api_id.empty()) {
    texts.push_back("/" + api.api_id + "/");
    items.push_back({*scope, texts.back(), route});
  }
  items.push_back({*scope, prefix, route + 1, path_template});
  const bool strict = config.http_server_options.enable_strict_routes && path_template == kNone &&
                      !api.listen_path.ends_with('/');
  routes.push_back({entry.index, true, false, path_template, api.listen_path});
  routes.push_back({entry.index, false, strict, path_template, {}});
  return {};
}

Router::Router(const std::vector<RouteEntry>& entries, const definition::GatewayConfig& config) {
  std::vector<Place> order;
  order.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const definition::ApiSpec& api = *entries[i].api;
    if (api.internal) continue;
    const std::string_view domain = domainOf(api, config);
    const HostKind kind = hostKind(domain);
    // The configuration's host name is asked of every API, so it says nothing about their order.
    const int domain_class = kind == HostKind::kAny || domain.data() == config.hostname.data() ? 2
                             : kind == HostKind::kWildcard                                     ? 1
                                                                                               : 0;
    order.push_back(
        {domain_class, sortLength(api.listen_path), isPathTemplate(api.listen_path), kind, i});
  }
  std::sort(order.begin(), order.end(), before);

  auto state = std::make_unique<State>();
  std::vector<PathTree::Item> items;
  std::vector<std::string> texts;  // reserved: the items keep views of its strings
  texts.reserve(order.size());
  items.reserve(order.size() * 2);
  state->routes.reserve(order.size() * 2);
  for (const Place& place : order) {
    const RouteEntry& entry = entries[place.position];
    const auto added = state->add(entry, config, items, texts);
    if (!added) state->refused.push_back({entry.index, added.error()});
  }
  state->tree = PathTree(std::move(items), state->scopes);
  state_ = std::move(state);
}

Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

std::optional<Match> Router::match(std::string_view host,
                                   std::string_view decoded_path) const noexcept {
  const State& state = *state_;
  State::Best best;
  if (!state.names.empty() && host.size() <= kMaxHostBytes) {
    const std::string_view bare = withoutPort(host);
    const auto named = [&](std::string_view name) {
      const auto found = isHostPattern(name) ? state.names.end() : state.names.find(name);
      if (found != state.names.end()) state.search(found->second, decoded_path, best);
    };
    named(bare);
    if (state.ported_names && bare.size() != host.size()) named(host);
    if (!state.patterns.empty()) {
      for (std::size_t dot = bare.find('.'); dot != std::string_view::npos;
           dot = bare.find('.', dot + 1)) {
        state.searchPatterns(bare.substr(dot), host, bare, decoded_path, best);
        if (bare.size() != host.size()) {  // patterns with a port hang under it
          state.searchPatterns(host.substr(dot), host, bare, decoded_path, best);
        }
      }
      state.searchPatterns({}, host, bare, decoded_path, best);
    }
  }
  if (best.route == kNone && state.any_host != kNone) {
    state.search(state.any_host, decoded_path, best);
  }
  if (best.route == kNone) return std::nullopt;
  const State::Route& route = state.routes[best.route];
  if (route.by_id) {
    // `/<api_id>/` comes first; where the path begins with the listen path too, that is what gets
    // stripped.
    const auto size = state.matchListenPath(route, decoded_path);
    return Match{route.api_index, !size, size.value_or(best.size), false};
  }
  const bool miss =
      route.strict && best.size < decoded_path.size() && decoded_path[best.size] != '/';
  return Match{route.api_index, false, best.size, miss};
}

const std::vector<Refused>& Router::refused() const noexcept { return state_->refused; }

Result<void> Router::check(const definition::ApiSpec& api,
                           const definition::GatewayConfig& config) {
  State state;
  std::vector<PathTree::Item> items;
  std::vector<std::string> texts;
  return state.add({&api, 0}, config, items, texts);
}

}  // namespace tykpp::route
