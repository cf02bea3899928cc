#include "gateway/version_links.hpp"

#include <string>

#include "base/ascii.hpp"
#include "gateway/snapshot.hpp"

namespace tykpp::gateway {
namespace {

using Choice = middleware::VersionChoice::Choice;

/// An API whose version is an API whose version is an API…
constexpr int kMaxDepth = 5;

bool isWordByte(char c) noexcept { return isDigit(c) || (toLower(c) >= 'a' && toLower(c) <= 'z'); }

/// The request as the child sees it.
void handOver(const ApiRuntime& from, const ApiRuntime& to, http::Exchange& exchange) {
  http::Request& request = exchange.request();
  const std::size_t stripped = from.spec->strip_listen_path ? exchange.listen_path_match.size() : 0;
  if (stripped > 0) {
    const bool slash = exchange.listen_path_match.ends_with('/');
    // Escapes in a listen path are rare enough to go the long way: the decoded form decides.
    std::size_t raw = 0;
    for (std::size_t left = stripped - (slash ? 1 : 0); left > 0 && raw < request.raw_path.size();
         --left) {
      raw += request.raw_path[raw] == '%' ? 3 : 1;
    }
    const std::string_view rest = request.raw_path.substr(std::min(raw, request.raw_path.size()));
    (void)request.setTarget(exchange.arena().concat(rest.starts_with('/') ? "" : "/", rest,
                                                    request.has_query ? "?" : "", request.query));
  }
  const std::string& listen = to.spec->listen_path;
  exchange.listen_path_match =
      request.path.starts_with(listen) ? request.path.substr(0, listen.size()) : std::string_view{};
  exchange.version_in_path = {};
  exchange.api = to.spec.get();
}

}  // namespace

std::string loopName(std::string_view name) {
  if (const std::size_t tags = name.find(" #"); tags != std::string_view::npos) {
    name = name.substr(0, tags);
  }
  std::string out;
  for (const char c : name) {
    if (isWordByte(c)) {
      out += toLower(c);
    } else if (!out.ends_with('-')) {
      out += '-';
    }
  }
  return out;
}

VersionLinks linkVersions(const std::vector<std::shared_ptr<const ApiRuntime>>& apis) {
  VersionLinks links;
  std::unordered_map<std::string, const ApiRuntime*> names;
  for (const auto& api : apis) {
    if (api->choice == nullptr || api->choice->rules().children.empty()) continue;
    if (names.empty()) {
      // Ids before database ids before names: the first one stays.
      for (const auto& other : apis) names.emplace(other->spec->api_id, other.get());
      for (const auto& other : apis) {
        if (!other->spec->id.empty()) names.emplace(other->spec->id, other.get());
      }
      for (const auto& other : apis) names.emplace(loopName(other->spec->name), other.get());
    }
    std::vector<const ApiRuntime*>& children = links[api.get()];
    for (const definition::ChildVersion& child : api->choice->rules().children) {
      auto found = names.find(child.api);
      if (found == names.end()) found = names.find(loopName(child.api));
      children.push_back(found != names.end() ? found->second : nullptr);
    }
  }
  return links;
}

void reportMissingVersions(const Snapshot& snapshot, definition::Problems& problems) {
  for (const auto& api : snapshot.apis) {
    const auto links = snapshot.children.find(api.get());
    if (links == snapshot.children.end()) continue;
    for (std::size_t i = 0; i < links->second.size(); ++i) {
      if (links->second[i] != nullptr) continue;
      const definition::ChildVersion& child = api->choice->rules().children[i];
      problems.push_back({definition::Severity::kWarning, api->spec->file,
                          api->spec->is_oas ? "/x-tyk-api-gateway/info/versioning/versions"
                                            : "/definition/versions",
                          "version " + child.name + " is the API " + child.api +
                              ", which is not loaded: requests for it get a 404"});
    }
  }
}

Result<const ApiRuntime*> chooseVersion(const Snapshot& snapshot, const ApiRuntime& api,
                                        http::Exchange& exchange) {
  const ApiRuntime* at = &api;
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto choice = at->choice->choose(exchange);
    if (!choice) return choice.error();
    if (choice->kind == Choice::Kind::kBase) return at;
    if (choice->kind == Choice::Kind::kVersion) {
      at = at->versions[choice->index].get();
      exchange.api = at->spec.get();
      return at;
    }
    const ApiRuntime* child = snapshot.children.at(at)[choice->index];
    if (child == nullptr) {
      return Error(Errc::kNotFound, Side::kClient, 404, "This API version does not seem to exist");
    }
    handOver(*at, *child, exchange);
    if (child->choice == nullptr) return child;
    at = child;
  }
  return Error(Errc::kInternal, "versions of APIs refer to each other without end");
}

}  // namespace tykpp::gateway
