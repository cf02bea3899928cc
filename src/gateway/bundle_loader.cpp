#include "gateway/bundle_loader.hpp"

#include <utility>

#include "base/log.hpp"
#include "definition/bundle_hooks.hpp"
#include "gateway/snapshot.hpp"

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

Result<BundleLoader::Spec> BundleLoader::resolve(const Spec& spec, const ApiRuntime* running,
                                                 definition::Problems& problems) {
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
      if (failed_.contains(name) && found->last_failure) {
        problems.push_back({definition::Severity::kError, spec->file, kPlace,
                            found->last_failure->message() +
                                "; the version of the bundle that is there stays in use"});
      }
      return withContent(spec, found->content, running);
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
      ended_ = true;
      if (failed) failed_.insert(name);
      changed_();
    });
  });
}

void BundleLoader::keepOnly(const std::vector<Spec>& specs) {
  std::set<std::string> names;
  for (const Spec& spec : specs) {
    if (!spec->bundle.name.empty()) names.insert(spec->bundle.name);
  }
  store_.keepOnly(names);
}

Result<BundleLoader::Spec> BundleLoader::withContent(const Spec& spec,
                                                     const definition::BundleContent& content,
                                                     const ApiRuntime* running) const {
  // Where routes collide, equal definitions may have unequal listen paths.
  if (running != nullptr && running->defined->checksum == spec->checksum &&
      running->spec->listen_path == spec->listen_path &&
      running->spec->bundle.checksum == content.checksum)
    return running->spec;
  definition::Problems problems;
  auto bundled = definition::withBundle(*spec, content, config_, problems);
  if (!bundled) return bundled.error();
  return std::make_shared<const definition::ApiSpec>(std::move(*bundled));
}

}  // namespace tykpp::gateway
