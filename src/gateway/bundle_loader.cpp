#include "gateway/bundle_loader.hpp"

#include <utility>

#include "base/log.hpp"
#include "definition/bundle_hooks.hpp"

namespace tykpp::gateway {
namespace {

constexpr const char* kPlace = "/custom_middleware_bundle";

}  // namespace

BundleLoader::BundleLoader(const definition::GatewayConfig& config, client::HttpClient& client,
                           Post post, std::function<void()> changed)
    : config_(config),
      post_(std::move(post)),
      changed_(std::move(changed)),
      store_(config, client) {}

Result<BundleLoader::Spec> BundleLoader::resolve(const Spec& spec) {
  const std::string& name = spec->bundle.name;
  if (name.empty()) return spec;
  auto found = store_.find(name);
  if (!found) {
    Error error = found.error();
    return std::move(error).at(kPlace);
  }
  switch (found->state) {
    case bundle::Found::State::kSkipped:
      return spec;
    case bundle::Found::State::kReady:
      if (found->revalidate && asked_.insert(name).second) fetch(name);
      return withContent(spec, found->content);
    case bundle::Found::State::kMissing:
      break;
  }
  if (failed_.contains(name) && found->last_failure) {
    Error error = *found->last_failure;
    return std::move(error).at(kPlace);
  }
  fetch(name);
  return Error(Errc::kBadPlugin, "the bundle " + name + " is being fetched").at(kPlace);
}

void BundleLoader::fetch(const std::string& name) {
  if (!fetching_.insert(name).second) return;
  store_.fetch(name, [this, alive = std::weak_ptr<bool>(alive_), post = post_,
                      name](const Result<bundle::Change>& change) {
    const bool failed = !change;
    post([this, alive, name, failed] {
      if (alive.expired()) return;
      fetching_.erase(name);
      if (failed) failed_.insert(name);
      changed_();
    });
  });
}

Result<BundleLoader::Spec> BundleLoader::withContent(const Spec& spec,
                                                     const definition::BundleContent& content) {
  Made& made = made_[spec->api_id];
  if (made.spec != nullptr && made.definition == spec->checksum && made.content == content.checksum)
    return made.spec;
  definition::Problems problems;
  auto bundled = definition::withBundle(*spec, content, config_, problems);
  if (!bundled) return Error(bundled.error()).at(content.folder + "/manifest.json ");
  made = {spec->checksum, content.checksum,
          std::make_shared<const definition::ApiSpec>(std::move(*bundled))};
  return made.spec;
}

}  // namespace tykpp::gateway
