#include "definition/bundle_hooks.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/ascii.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "definition/impl/classic_shape.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/version_rules.hpp"

namespace tykpp::definition {
namespace {

/// An API with more bundles than this is a mistake, and each is a download.
constexpr std::size_t kMaxBundles = 32;
/// Beyond this, web servers refuse the URL, and not all of them with an answer.
constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::size_t kMaxFolderBytes = 255;  // NAME_MAX

bool isControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Without its extension, slashes as `__`: as the reference names the folders, so that both find
/// them. What is no name of a folder then is its hash.
std::string folderOf(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t dot = name.rfind('.');
  const bool extended = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  std::string folder;
  for (const char c : std::string_view(name).substr(0, extended ? dot : name.size())) {
    c == '/' || c == '\\' ? folder.append("__") : folder.append(1, c);
  }
  const bool usable = !folder.empty() && folder != "." && folder != ".." &&
                      folder.size() <= kMaxFolderBytes &&
                      std::none_of(folder.begin(), folder.end(), isControl);
  return usable ? folder : "bundle_" + md5Hex(name).substr(0, 12);
}

Error bad(std::string why) { return {Errc::kBadDefinition, std::move(why)}; }

/// The manifests of an API's bundles on their way to one set of hooks.
class Merge {
 public:
  Merge(const BundleContent& content, Problems& problems) : content_(content) {
    for (const BundleManifest& bundle : content.bundles) {
      manifests_.push_back(
          {Report(bundle.part.folder + "/manifest.json", problems), Json::object()});
    }
  }

  /// Parses and checks each by itself.
  void read();
  /// One driver, one check, one analytics plugin: whatever a second bundle asks for would be lost.
  void checkTogether(ApiSpec& spec);
  /// The first id extractor is the API's.
  void takeExtractor(ApiSpec& spec);
  void addAllHooks(const GatewayConfig& config, ApiSpec& spec);
  /// Puts the analytics plugin into the definition. @return which bundle's it is
  std::size_t moveAnalytics(Json& document) const;

  Report& first() { return manifests_.front().report; }
  /// Nothing when all is well.
  std::optional<Error> firstError() const;

 private:
  struct Manifest {
    Report report;
    Json middleware;
  };
  void readOne(const std::string& text, Manifest& manifest);
  void checkOnlyOne(const char* hook, const char* article);
  std::string told(std::size_t index) const {
    return "bundle " + quotedName(content_.bundles[index].part.name);
  }
  /// Always in quotes, as the reference has it.
  static std::string quotedName(std::string_view name) {
    const std::string shown = log::quoted(name);
    return shown.starts_with('"') ? shown : '"' + shown + '"';
  }

  const BundleContent& content_;
  std::vector<Manifest> manifests_;
};

void Merge::readOne(const std::string& text, Manifest& manifest) {
  auto json = parseJson(text);
  if (!json) {
    manifest.report.error("", json.error().message());
    return;
  }
  Json document = Json::object();
  const Json* middleware = member(*json, "custom_middleware");
  if (middleware != nullptr) document["custom_middleware"] = *middleware;
  applyShape(document, classicShape(), "", Unknown::kIgnore, manifest.report);
  if (const Json* checked = member(document, "custom_middleware");
      checked != nullptr && checked->is_object()) {
    manifest.middleware = *checked;
  }
}

void Merge::read() {
  for (std::size_t i = 0; i < manifests_.size(); ++i) {
    readOne(content_.bundles[i].text, manifests_[i]);
  }
}

void Merge::checkOnlyOne(const char* hook, const char* article) {
  std::string taken;
  for (std::size_t i = 0; i < manifests_.size(); ++i) {
    const Json* value = member(manifests_[i].middleware, hook);
    const std::string name(value == nullptr ? std::string_view{} : textOf(*value, "name"));
    if (name.empty()) continue;
    if (taken.empty()) {
      taken = name;
      continue;
    }
    manifests_[i].report.error(std::string("/custom_middleware/") + hook,
                               told(i) + " declares " + article + ' ' + hook +
                                   " hook but another bundle has already set one (" +
                                   quotedName(taken) + ")");
  }
}

void Merge::checkTogether(ApiSpec& spec) {
  spec.driver.clear();
  for (std::size_t i = 0; i < manifests_.size(); ++i) {
    const std::string driver(textOf(manifests_[i].middleware, "driver"));
    if (driver.empty()) continue;
    if (spec.driver.empty()) {
      spec.driver = driver;
    } else if (spec.driver != driver) {
      manifests_[i].report.error("/custom_middleware/driver",
                                 told(i) + " declares driver " + quotedName(driver) +
                                     " but earlier bundles set " + quotedName(spec.driver));
    }
  }
  checkOnlyOne("auth_check", "an");
  checkOnlyOne("traffic_logs", "a");
}

void Merge::takeExtractor(ApiSpec& spec) {
  for (Manifest& manifest : manifests_) {
    const Json* extractor = member(manifest.middleware, "id_extractor");
    if (extractor == nullptr ||
        (textOf(*extractor, "extract_with").empty() && textOf(*extractor, "extract_from").empty()))
      continue;
    AuthRules rules = spec.auth == nullptr ? AuthRules{} : *spec.auth;
    rules.id_extractor = readIdExtractor(manifest.middleware, manifest.report);
    spec.auth = std::make_shared<AuthRules>(std::move(rules));
    return;
  }
}

void Merge::addAllHooks(const GatewayConfig& config, ApiSpec& spec) {
  spec.hooks = {};
  for (std::size_t i = 0; i < manifests_.size(); ++i) {
    addHooks(manifests_[i].middleware, i, config, spec, manifests_[i].report);
  }
}

std::size_t Merge::moveAnalytics(Json& document) const {
  for (std::size_t i = 0; i < manifests_.size(); ++i) {
    const Json* logs = member(manifests_[i].middleware, "traffic_logs");
    if (logs == nullptr || !logs->is_object()) continue;
    if (manifests_.size() > 1 && textOf(*logs, "name").empty()) continue;
    Json plugin = {{"enable", !flagOf(*logs, "disabled")},
                   {"func_name", std::string(textOf(*logs, "name"))},
                   {"plugin_path", std::string(textOf(*logs, "path"))}};
    for (const char* ours : {"driver", "timeout_ms", "on_error", "isolate"}) {
      if (const Json* value = member(*logs, ours)) plugin[ours] = *value;
    }
    document["analytics_plugin"] = std::move(plugin);
    return i;
  }
  return 0;
}

std::optional<Error> Merge::firstError() const {
  for (const Manifest& manifest : manifests_) {
    if (manifest.report.errors() > 0)
      return manifest.report.firstError().at(manifest.report.file() + " ");
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<BundleName>> bundleNames(std::string_view text) {
  const auto too_long = [] {
    return bad("names a bundle with more than " + std::to_string(kMaxNameBytes) + " bytes");
  };
  if (text.find(',') == std::string_view::npos) {
    if (text.size() > kMaxNameBytes) return too_long();
    return std::vector<BundleName>{{std::string(text), {}}};
  }
  std::vector<BundleName> names;
  std::set<std::string> folders;
  std::string shared;
  forEachListElement(text, [&](std::string_view name) {
    names.push_back({std::string(name), folderOf(std::string(name))});
    if (!folders.insert(names.back().folder).second) shared = names.back().folder;
  });
  if (names.size() > kMaxBundles)
    return bad("names more than " + std::to_string(kMaxBundles) + " bundles");
  if (std::any_of(names.begin(), names.end(),
                  [](const BundleName& one) { return one.name.size() > kMaxNameBytes; }))
    return too_long();
  if (!shared.empty())
    return bad("names two bundles whose folder would be " + log::quoted(shared) +
               ": names have to differ in more than the extension");
  if (names.empty()) return bad("has commas, but names no bundle");
  return names;
}

namespace {

/// The definition that the hooks of a bundle are added to: of the version that the spec stands for.
Result<Json> definitionOf(const ApiSpec& spec) {
  auto document = parseJson(spec.classic_text);
  if (!document) return Error(Errc::kInternal, document.error().message());
  Problems told_before;  // the definition's own were told when it was read
  Report ignored(spec.file, told_before);
  applyShape(*document, classicShape(), "", Unknown::kIgnore, ignored);
  if (hasOwnVersions(*document)) return withVersion(*document, spec.version_name);
  return document;
}

/// The same bundles for each version of an API.
Result<std::shared_ptr<const VersionRules>> versionsWithBundle(const VersionRules& given,
                                                               const BundleContent& content,
                                                               const GatewayConfig& config) {
  auto rules = std::make_shared<VersionRules>(given);
  Problems told_before;  // of the API itself
  for (ApiVersion& version : rules->versions) {
    auto bundled = withBundle(*version.spec, content, config, told_before);
    if (!bundled) return bundled.error();
    version.spec = std::make_shared<const ApiSpec>(std::move(*bundled));
  }
  return std::shared_ptr<const VersionRules>(std::move(rules));
}

}  // namespace

Result<ApiSpec> withBundle(const ApiSpec& spec, const BundleContent& content,
                           const GatewayConfig& config, Problems& problems) {
  auto document = definitionOf(spec);
  if (!document) return document.error();
  Merge merge(content, problems);
  merge.read();
  if (auto error = merge.firstError()) return std::move(*error);
  ApiSpec bundled = spec;
  bundled.bundle.checksum = content.checksum;
  bundled.bundle.parts.clear();
  for (const BundleManifest& bundle : content.bundles) bundled.bundle.parts.push_back(bundle.part);
  merge.checkTogether(bundled);
  merge.addAllHooks(config, bundled);
  const std::size_t analytics = merge.moveAnalytics(*document);
  finishHooks(*document, analytics, config, bundled, merge.first());
  if (!bundled.use_keyless) merge.takeExtractor(bundled);
  if (auto error = merge.firstError()) return std::move(*error);
  bundled.checksum = spec.checksum + "+" + content.checksum;
  if (spec.versioning != nullptr) {
    auto versioning = versionsWithBundle(*spec.versioning, content, config);
    if (!versioning) return versioning.error();
    bundled.versioning = std::move(*versioning);
    alignVersions(bundled);
  }
  return bundled;
}

}  // namespace tykpp::definition
