#include "gateway/auth_steps.hpp"

#include <array>

#include "hooks/hook_step.hpp"
#include "middleware/auth_choice.hpp"
#include "middleware/auth_token.hpp"
#include "middleware/basic_auth.hpp"
#include "middleware/hmac_auth.hpp"
#include "middleware/jwt.hpp"
#include "middleware/oauth_token.hpp"

namespace tykpp::gateway {
namespace {

using definition::AuthMethod;
using Steps = std::vector<std::unique_ptr<chain::Step>>;

struct Factory {
  AuthMethod method;
  Result<Steps> (*create)(const chain::BuildContext& build);
};

constexpr std::array<Factory, 6> kFactories = {
    {{AuthMethod::kOAuth, &middleware::OAuthToken::create},
     {AuthMethod::kBasic, &middleware::BasicAuth::create},
     {AuthMethod::kHmac, &middleware::HmacAuth::create},
     {AuthMethod::kJwt, &middleware::JwtAuth::create},
     {AuthMethod::kCustom, &hooks::createAuthHook},
     {AuthMethod::kToken, &middleware::AuthToken::create}}};

}  // namespace

Result<Steps> createAuthChoice(const chain::BuildContext& build) {
  const definition::AuthRules* rules = build.api.auth.get();
  if (build.api.use_keyless || rules == nullptr || !rules->choice()) return Steps{};
  Steps steps;
  std::array<const chain::Step*, kFactories.size()> made{};
  for (std::size_t i = 0; i < kFactories.size(); ++i) {
    Result<Steps> one = kFactories[i].create(build);
    if (!one) return one.error();
    if (one->empty()) continue;
    made[i] = one->front().get();
    for (auto& step : *one) steps.push_back(std::move(step));
  }
  std::vector<middleware::AuthChoice::Group> groups;
  for (const std::vector<definition::SchemeUse>& uses : rules->groups) {
    middleware::AuthChoice::Group& group = groups.emplace_back();
    for (const definition::SchemeUse& use : uses) {
      const chain::Step* step = nullptr;
      for (std::size_t i = 0; i < kFactories.size(); ++i) {
        if (kFactories[i].method == use.method) step = made[i];
      }
      group.push_back({use.name, step, use.method == AuthMethod::kCustom});
    }
  }
  Steps choice;
  choice.push_back(std::make_unique<middleware::AuthChoice>(std::move(steps), std::move(groups)));
  return choice;
}

}  // namespace tykpp::gateway
