// Versions of a Classic definition. Each is read as if it were the only one, so that the readers of
// all other parts know of one version alone.

#include <utility>

#include "definition/api_spec.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/limit_rules.hpp"
#include "definition/version_rules.hpp"

namespace tykpp::definition {
namespace {

constexpr const char* kVersionsPlace = "/version_data/versions";
constexpr const char* kTargetPlace = "/proxy/target_url";
constexpr const char* kExpiryPlace = "/expiration";

VersionLocation locationOf(std::string_view text) {
  if (text == "header") return VersionLocation::kHeader;
  if (text == "url-param") return VersionLocation::kUrlParam;
  if (text == "url") return VersionLocation::kUrl;
  return VersionLocation::kNone;
}

const Json& objectOr(const Json* found) {
  static const Json kEmpty = Json::object();
  return found != nullptr && found->is_object() ? *found : kEmpty;
}

void readChildren(const Json& definition, VersionRules& rules) {
  rules.apart = true;
  rules.own_name = textOf(definition, "name");
  rules.default_version = textOf(definition, "default");
  for (const auto& [name, api] : objectOr(member(definition, "versions")).items()) {
    if (api.is_string()) rules.children.push_back({name, api.get<std::string>()});
  }
}

/// Where a problem that was found in the definition of one version is in the whole one; empty:
/// every version has it, and so has the API.
std::string placeInVersion(const Problem& problem, const Json& version, const std::string& place) {
  if (problem.pointer.starts_with(kVersionsPlace)) return problem.pointer;
  if (problem.pointer == kTargetPlace && !textOf(version, "override_target").empty()) {
    return place + "/override_target";
  }
  return problem.pointer == kExpiryPlace ? place + "/expires" : std::string();
}

void forward(const Problems& found, const Json& version, const std::string& place, Report& report) {
  for (const Problem& problem : found) {
    const std::string at = placeInVersion(problem, version, place);
    if (at.empty()) continue;
    if (problem.severity == Severity::kWarning) {
      report.warn(at, problem.reason);
    } else {
      report.error(at, problem.reason);
    }
  }
}

}  // namespace

bool hasOwnVersions(const Json& document) {
  return !flagOf(objectOr(member(document, "version_data")), "not_versioned");
}

std::shared_ptr<VersionRules> readVersionRules(const Json& document, Report& report) {
  const Json& definition = objectOr(member(document, "definition"));
  const bool apart = flagOf(definition, "enabled");
  const bool own = hasOwnVersions(document);
  if (!apart && !own) return nullptr;
  if (apart && own && !objectOr(memberAt(document, "version_data/versions")).empty()) {
    report.error("/definition/enabled",
                 "an API has versions of its own (version_data) or other APIs as versions, not "
                 "both");
  }
  auto rules = std::make_shared<VersionRules>();
  const std::string_view location = textOf(definition, "location");
  rules->location = locationOf(location);
  if (rules->location == VersionLocation::kNone) {
    report.warn("/definition/location",
                "is not header, url-param or url: no request can name a version");
  }
  rules->key = textOf(definition, "key");
  rules->strip = flagOf(definition, "strip_versioning_data") || flagOf(definition, "strip_path");
  rules->strip_pattern = textOf(definition, "url_versioning_pattern");
  rules->fallback_to_default = flagOf(definition, "fallback_to_default");
  if (apart) {
    readChildren(definition, *rules);
  } else {
    rules->default_version = textOf(objectOr(member(document, "version_data")), "default_version");
  }
  return rules;
}

Json withVersion(const Json& document, std::string_view name) {
  Json out = document;
  Json version = {{"name", ""}, {"use_extended_paths", true}};
  const Json& versions = objectOr(memberAt(document, "version_data/versions"));
  if (const Json* found = name.empty() ? nullptr : member(versions, name); found != nullptr) {
    version = *found;
  }
  if (const std::string_view target = textOf(version, "override_target"); !target.empty()) {
    out["proxy"]["target_url"] = std::string(target);
  }
  // Of an API with versions the versions end, not the API.
  out["expiration"] = std::string(textOf(version, "expires"));
  Json only = Json::object();
  only[std::string(name)] = std::move(version);
  out["version_data"] = {{"not_versioned", true}, {"versions", std::move(only)}};
  return out;
}

void readOwnVersions(const Json& document, const VersionReader& read, VersionRules& rules,
                     Report& report) {
  const Json& versions = objectOr(memberAt(document, "version_data/versions"));
  if (versions.empty()) {
    report.warn(kVersionsPlace, "there are none: every request is refused");
  }
  for (const auto& [name, version] : versions.items()) {
    const std::string place = pointerTo(kVersionsPlace, name);
    if (name.empty()) {
      report.warn(place, "a version without a name cannot be asked for and is left out");
      continue;
    }
    Problems found;
    Report version_report(report.file(), found);
    ApiSpec spec = read(withVersion(document, name), version_report);
    spec.version_name = name;
    forward(found, version, place, report);
    rules.versions.push_back({name, std::make_shared<const ApiSpec>(std::move(spec))});
  }
}

void alignVersions(ApiSpec& spec) {
  if (spec.versioning == nullptr || spec.versioning->versions.empty()) return;
  auto rules = std::make_shared<VersionRules>(*spec.versioning);
  for (ApiVersion& version : rules->versions) {
    auto copy = std::make_shared<ApiSpec>(*version.spec);
    copy->checksum = spec.checksum;
    copy->classic_text = spec.classic_text;
    copy->oas_text = spec.oas_text;
    copy->listen_path = spec.listen_path;
    copy->wanted_listen_path = spec.wanted_listen_path;
    copy->auth = spec.auth;
    copy->listener = spec.listener;
    if (copy->limits != nullptr && spec.limits != nullptr) {
      // What was compiled for a key counts for the whole API, and so do the counters.
      auto limits = std::make_shared<LimitRules>(*copy->limits);
      limits->number = spec.limits->number;
      copy->limits = std::move(limits);
    }
    version.spec = std::move(copy);
  }
  spec.versioning = std::move(rules);
}

}  // namespace tykpp::definition
