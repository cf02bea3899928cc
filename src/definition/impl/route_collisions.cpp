#include "definition/impl/route_collisions.hpp"

#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "definition/version_rules.hpp"

namespace tykpp::definition {
namespace {

/// Where an API answers. The views point into its ApiSpec.
struct Place {
  std::string_view domain;
  std::string_view path;
  bool operator==(const Place&) const = default;
};
struct PlaceHash {
  std::size_t operator()(const Place& place) const noexcept {
    const std::hash<std::string_view> hash;
    return hash(place.domain) * 31 + hash(place.path);
  }
};

Place placeOf(const ApiSpec& spec) { return {spec.domain, spec.listen_path}; }

using Running = std::unordered_map<std::string_view, const std::shared_ptr<const ApiSpec>*>;
using Taken = std::unordered_set<Place, PlaceHash>;

std::shared_ptr<const ApiSpec> moved(const ApiSpec& spec, const Taken& taken) {
  auto copy = std::make_shared<ApiSpec>(spec);
  copy->wanted_listen_path = spec.listen_path;
  copy->listen_path = spec.listen_path + "-" + spec.api_id;
  while (taken.contains(placeOf(*copy))) copy->listen_path.push_back('_');
  copy->checksum += "@" + copy->listen_path;
  alignVersions(*copy);
  return copy;
}

bool runsThere(const ApiSpec& spec, const Running& running) {
  const auto found = running.find(spec.api_id);
  return found != running.end() && (*found->second)->wanted_listen_path.empty() &&
         placeOf(**found->second) == placeOf(spec);
}

}  // namespace

void separateListenPaths(ApiList& apis, const ApiList* previous, Problems& problems) {
  std::unordered_map<Place, std::size_t, PlaceHash> count;
  count.reserve(apis.size());
  bool collision = false;
  for (const auto& api : apis) {
    // Nobody outside reaches an internal API: it stands in nobody's way.
    if (!api->internal) collision = ++count[placeOf(*api)] > 1 || collision;
  }
  if (!collision) return;
  Running running;
  if (previous != nullptr) {
    for (const auto& api : *previous) running.emplace(api->api_id, &api);
  }
  Taken taken;
  for (const auto& [place, number] : count) taken.insert(place);
  // The originals have to outlive the views into them.
  const ApiList originals = apis;
  for (std::size_t i = 0; i < originals.size(); ++i) {
    const ApiSpec& spec = *originals[i];
    if (spec.internal || count[placeOf(spec)] < 2 || runsThere(spec, running)) continue;
    auto copy = moved(spec, taken);
    // The same move as before is the same API: what runs is kept.
    const auto before = running.find(spec.api_id);
    if (before != running.end() && (*before->second)->checksum == copy->checksum)
      copy = *before->second;
    problems.push_back({Severity::kError, spec.file, "/proxy/listen_path",
                        "Listen path collision, changed to " + copy->listen_path});
    taken.insert(placeOf(*copy));
    apis[i] = std::move(copy);
  }
}

}  // namespace tykpp::definition
