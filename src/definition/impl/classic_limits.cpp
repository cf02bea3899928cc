// Limits of a Classic definition.

#include "definition/impl/definition_builder.hpp"
#include "definition/limit_rules.hpp"

namespace tykpp::definition {

void readLimits(const Json& document, const GatewayConfig& config, ApiSpec& spec,
                Report& /*report*/) {
  auto rules = std::make_shared<LimitRules>();
  rules->matching.prefix = config.http_server_options.enable_path_prefix_matching;
  rules->matching.suffix = config.http_server_options.enable_path_suffix_matching;
  rules->disable_rate_limit = flagOf(document, "disable_rate_limit");
  rules->disable_quota = flagOf(document, "disable_quota");
  rules->dont_set_quota_on_create = flagOf(document, "dont_set_quota_on_create");
  spec.limits = std::move(rules);
}

}  // namespace tykpp::definition
