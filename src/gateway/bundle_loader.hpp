#pragma once
// Gives APIs the hooks of their bundles while a snapshot is built, and has missing bundles fetched
// beside it. An API whose bundle is not there yet is an error of that API alone: its last good
// version serves meanwhile, and the reload that follows the download brings it up. Thread: main.

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bundle/store.hpp"
#include "client/client.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"

namespace tykpp::gateway {

struct ApiRuntime;

class BundleLoader {
 public:
  using Spec = std::shared_ptr<const definition::ApiSpec>;
  /// Runs a function on the main thread, soon. Thread: any.
  using Post = std::function<void(std::function<void()>)>;

  /// @param changed  called on the main thread when a download has ended, well or not
  BundleLoader(const definition::GatewayConfig& config, client::HttpClient& client, Post post,
               std::function<void()> changed);

  /// The API as it runs: as it is without a bundle, with its bundle's hooks otherwise. Starts a
  /// download when the bundle is missing, or is to be asked for anew.
  /// @param running   the API as it is served, or null: what did not change is taken from there
  /// @param problems  gets why the server's newer version is not used
  /// @error  what is wrong with the bundle, or that it is being fetched
  Result<Spec> resolve(const Spec& spec, const ApiRuntime* running, definition::Problems& problems);
  /// These are all APIs there are: what is known of other bundles is forgotten.
  void keepOnly(const std::vector<Spec>& specs);
  /// Somebody asked for a reload: what failed before is tried again.
  void forgetFailures() {
    failed_.clear();
    asked_.clear();
  }
  /// Downloads are under way, or have ended and no reload has seen it yet.
  bool busy() const noexcept { return ended_ || !fetching_.empty(); }
  /// A reload begins: it sees what has ended until now.
  void noteReload() noexcept { ended_ = false; }
  /// Puts the bundle before this one back in its place. @error as bundle::Store::rollback
  Result<void> rollback(const std::string& bundle) { return store_.rollback(bundle); }

 private:
  void fetch(const std::string& name);
  Result<Spec> withContent(const Spec& spec, const definition::BundleContent& content,
                           const ApiRuntime* running) const;

  const definition::GatewayConfig& config_;
  Post post_;
  std::function<void()> changed_;
  std::set<std::string> fetching_;
  bool ended_ = false;  // since the last reload
  std::set<std::string> failed_;
  std::set<std::string> asked_;  // revalidated since somebody asked for a reload
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bundle::Store store_;  // last: its threads call back
};

}  // namespace tykpp::gateway
