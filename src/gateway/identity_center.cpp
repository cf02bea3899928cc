#include "gateway/identity_center.hpp"

#include "base/log.hpp"
#include "gateway/key_store.hpp"
#include "session/policy_store.hpp"

namespace tykpp::gateway {

Result<std::unique_ptr<IdentityCenter>> IdentityCenter::open(
    const definition::GatewayConfig& config, net::Loop& main, client::HttpClient& client) {
  auto store = openKeyStore(config.storage);
  if (!store) return store.error();
  return std::unique_ptr<IdentityCenter>(
      new IdentityCenter(config, main, client, std::move(*store)));
}

IdentityCenter::IdentityCenter(const definition::GatewayConfig& config, net::Loop& main,
                               client::HttpClient& client, std::unique_ptr<storage::KeyStore> store)
    : config_(config),
      main_(main),
      store_(std::move(store)),
      key_sets_(client, config.identity.jwks.cache_timeout,
                config.identity.jwks.insecure_skip_verify),
      keyrings_(config, *store_),
      oauth_(keyrings_, main) {
  keyrings_.setKeySets(&key_sets_);
}

void IdentityCenter::join(Actions actions) {
  forget_answers_ = std::move(actions.forget_answers);
  client_ = store_->client(main_);
  sessions_ = std::make_unique<session::SessionStore>(
      *client_, config_, [this](std::string_view name) { keyrings_.invalidate(name); });
  site_ = std::make_unique<oauth::Site>(
      oauth::Site{main_, *sessions_, keyrings_.passwords(), config_,
                  [this]() -> const session::PolicySet& { return *policies_; }});
  oauth_.keepUp(*site_);
  ClusterChannel::Actions on;
  on.reload = std::move(actions.reload);
  on.session_changed = [this](std::string_view name) { keyrings_.invalidate(name); };
  on.other = [this](const session::Notification& notification) { return heard(notification); };
  // What changed while nobody could tell.
  on.joined = [this] { keyrings_.clear(); };
  cluster_ = std::make_unique<ClusterChannel>(*client_, config_, std::move(on));
  startBeat(std::move(actions.requests));
}

bool IdentityCenter::heard(const session::Notification& notification) {
  if (notification.command == session::command::kPurgeTokens) {
    oauth_.purge();
  } else if (notification.command == session::command::kLimiterNode) {
    if (beat_ != nullptr) beat_->heard(notification.payload);
  } else if (notification.command == "DeleteAPICache") {
    if (!notification.payload.empty()) forget_answers_(notification.payload);
  } else if (notification.command == "InvalidateJWKSCacheForAPI") {
    key_sets_.invalidate(notification.payload);
  } else {
    return false;
  }
  return true;
}

void IdentityCenter::startBeat(std::function<std::uint64_t()> requests) {
  if (!LimiterBeat::wanted(config_)) return;
  LimiterBeat::Actions actions;
  actions.tell = [this](std::string_view payload) {
    cluster_->tell(session::command::kLimiterNode, payload);
  };
  actions.counted = [this](int nodes) { keyrings_.setNodes(nodes); };
  actions.requests = std::move(requests);
  beat_ = std::make_unique<LimiterBeat>(main_, config_, std::move(actions));
}

void IdentityCenter::loadPolicies(definition::Problems& problems) {
  const definition::PolicyConfig& config = config_.identity.policies;
  auto loaded =
      session::loadPolicies({config.policy_path, config.policy_record_name}, policies_.get());
  if (!loaded) {
    problems.push_back({definition::Severity::kError, loaded.error().where(), "",
                        loaded.error().message() + "; the policies stay as they were"});
    return;
  }
  problems.insert(problems.end(), loaded->problems.begin(), loaded->problems.end());
  policies_ = loaded->set;
  keyrings_.setPolicies(policies_);
  if (!policies_->entries().empty()) {
    TYKPP_LOG(info, "main", "Policies found ({} total)", policies_->entries().size());
  }
}

void IdentityCenter::tellReload() { cluster_->tell(session::command::kGroupReload, ""); }

}  // namespace tykpp::gateway
