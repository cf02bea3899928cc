// What OAS documents may ask for and this release does not do, where the conversion to a Classic
// definition does not carry it over (what it carries over is judged there).

#include <algorithm>
#include <set>
#include <string>

#include "definition/impl/definition_builder.hpp"
#include "definition/impl/oas_shape.hpp"

namespace tykpp::definition {
namespace {

struct Section {
  std::string_view path;  ///< below the extension, of an object with `enabled`
  std::string_view what;
};

constexpr Section kSections[] = {
    {"upstream/serviceDiscovery", "service discovery"},
    {"upstream/uptimeTests", "uptime tests"},
    {"errorOverrides", "replacing error answers"},
};
/// Of a security scheme.
constexpr Section kSchemeSections[] = {
    {"scopeCheck", "the check of scopes"},
    {"protectedResourceMetadata", "protected resource metadata"},
    {"tokenExchange", "the exchange of tokens"},
};
/// Blocks of operations that are built.
constexpr std::string_view kBuiltBlocks[] = {"virtualEndpoint",
                                             "postPlugins",
                                             "allow",
                                             "block",
                                             "ignoreAuthentication",
                                             "internal",
                                             "requestSizeLimit",
                                             "rateLimit",
                                             "transformRequestHeaders",
                                             "transformResponseHeaders",
                                             "urlRewrite",
                                             "transformRequestMethod",
                                             "trackEndpoint",
                                             "doNotTrackEndpoint",
                                             "cache"};

std::string placeOf(std::string_view path) {
  return std::string("/") + kExtension + "/" + std::string(path);
}

void checkSections(const Json& extension, std::span<const Section> sections, Report& report) {
  for (const Section& section : sections) {
    const Json* found = memberAt(extension, section.path);
    if (found != nullptr && flagOf(*found, "enabled"))
      report.notBuilt(placeOf(section.path), section.what);
  }
}

void checkAuthentication(const Json& extension, Report& report) {
  const Json* authentication = memberAt(extension, "server/authentication");
  if (authentication == nullptr || !flagOf(*authentication, "enabled")) return;
  const Json* schemes = member(*authentication, "securitySchemes");
  if (schemes == nullptr || !schemes->is_object()) return;
  for (const auto& [name, scheme] : schemes->items()) {
    if (!flagOf(scheme, "enabled")) continue;
    const std::string place = pointerTo(placeOf("server/authentication/securitySchemes"), name);
    for (const Section& part : kSchemeSections) {
      const Json* found = memberAt(scheme, part.path);
      if (found != nullptr && flagOf(*found, "enabled"))
        report.notBuilt(place + "/" + std::string(part.path), part.what);
    }
  }
}

std::set<std::string_view> operationIds(const Json& document) {
  std::set<std::string_view> ids;
  const Json* paths = member(document, "paths");
  if (paths == nullptr || !paths->is_object()) return ids;
  for (const Json& path : *paths) {
    if (!path.is_object()) continue;
    for (const Json& operation : path) {
      if (const std::string_view id = textOf(operation, "operationId"); !id.empty()) ids.insert(id);
    }
  }
  return ids;
}

/// Calls `visit(block, name, pointer)` for every enabled block of every operation that exists.
template <class Visit>
void forEachBlock(const Json& document, Report& report, Visit&& visit) {
  const Json* operations = memberAt(document, std::string(kExtension) + "/middleware/operations");
  if (operations == nullptr || !operations->is_object()) return;
  const auto ids = operationIds(document);
  for (const auto& [id, blocks] : operations->items()) {
    const std::string place = pointerTo(placeOf("middleware/operations"), id);
    if (!ids.contains(id)) {
      report.warn(place, "no operation has this operationId, its rules are ignored");
      continue;
    }
    if (!blocks.is_object()) continue;
    for (const auto& [name, block] : blocks.items()) {
      const std::string at = pointerTo(place, name);
      if (flagOf(block, "enabled")) visit(name, at);
      if (block.is_array() && !block.empty() && flagOf(block[0], "enabled")) visit(name, at);
    }
  }
}

void checkMetadata(const Json& document, Report& report) {
  if (member(document, "x-tyk-streaming") != nullptr)
    report.notBuilt("/x-tyk-streaming", "streams");
  const Json* extension = member(document, kExtension);
  if (extension == nullptr) return;
  const std::string_view metadata = "server/authentication/protectedResourceMetadata";
  if (const Json* found = memberAt(*extension, metadata);
      found != nullptr && flagOf(*found, "enabled")) {
    report.notBuilt(placeOf(metadata), "protected resource metadata");
  }
}

}  // namespace

void checkOasNotBuilt(const Json& document, Report& report) {
  const Json* extension = member(document, kExtension);
  if (extension == nullptr) return;
  checkSections(*extension, kSections, report);
  checkAuthentication(*extension, report);
  forEachBlock(document, report, [&](const std::string& name, const std::string& place) {
    if (std::ranges::count(kBuiltBlocks, name) == 0)
      report.notBuilt(place, "the endpoint rule " + name);
  });
  for (const char* list : {"mcpTools", "mcpResources", "mcpPrompts"}) {
    const Json* middleware = member(*extension, "middleware");
    if (middleware != nullptr && filled(*middleware, list) != nullptr) {
      report.notBuilt(placeOf("middleware/") + list, "MCP");
    }
  }
  checkMetadata(document, report);
}

void checkCompanion(const Json& document, Report& report) {
  checkMetadata(document, report);
  forEachBlock(document, report, [&](const std::string& name, const std::string& place) {
    if (name == "validateRequest" || name == "mockResponse" || name == "scopeCheck" ||
        name == "exchange") {
      report.notBuilt(place, "the endpoint rule " + name);
    }
  });
}

}  // namespace tykpp::definition
