#include "middleware/jwt.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"
#include "definition/api_spec.hpp"
#include "definition/auth_rules.hpp"
#include "events/fire.hpp"
#include "http/request_context.hpp"
#include "middleware/admission.hpp"
#include "net/loop.hpp"
#include "session/keyring.hpp"

namespace tykpp::middleware {
namespace {

/// Makes what a token says variables of the exchange. Copied: the facts may be forgotten before the
/// request ends.
void showClaims(http::Exchange& exchange, const TokenFacts& facts) {
  http::RequestContext* context = exchange.context;
  if (context == nullptr || !context->recorded) return;
  Arena& arena = exchange.arena();
  context->claims.reserve(facts.shown.size());
  for (const ShownClaim& claim : facts.shown)
    context->claims.push_back({arena.copy(claim.name), arena.copy(claim.text), claim.is_text});
}

Error forbidden(const char* text) { return Error(Errc::kForbidden, Side::kClient, 403, text); }

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> JwtAuth::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::AuthRules* rules = build.api.auth.get();
  if (build.api.use_keyless || rules == nullptr || !rules->jwt.enabled) return steps;
  if (build.keyrings == nullptr)
    return Error(Errc::kNotBuilt, "needs a store of keys").at("/enable_jwt");
  steps.push_back(std::make_unique<JwtAuth>(build));
  return steps;
}

JwtAuth::JwtAuth(const chain::BuildContext& build)
    : auth_(build.api.auth),
      rules_(auth_->jwt),
      credential_(rules_.source),
      becomes_identity_(givesIdentity(build.api, definition::identity::kJwt)),
      keyrings_(*build.keyrings),
      events_(build.events),
      verifier_(rules_, build.api.api_id, keyrings_.keySets()),
      sessions_(auth_, build.api.org_id, build.config) {
  for (std::uint32_t i = 0; i < build.workers; ++i) memories_.push_back(std::make_unique<Memory>());
}

std::string_view JwtAuth::tokenOf(const http::Exchange& exchange) const {
  return withoutBearer(credential_.of(exchange));
}

const JwtAuth::Facts* JwtAuth::known(const http::Exchange& exchange, std::string_view text) const {
  Memory& memory = *memories_[exchange.workerIndex()];
  jwt::Digest digest;
  if (!memory.digester.digest(text, digest)) return nullptr;
  const Facts* facts = memory.tokens.find(digest);
  if (facts == nullptr) return nullptr;
  const Clock::time_point now = keyrings_.of(exchange.workerIndex()).loop().now();
  if ((*facts)->generation == verifier_.generation() && verifier_.fresh(now)) return facts;
  return nullptr;
}

JwtAuth::Facts JwtAuth::remember(const http::Exchange& exchange, const jwt::Token& token,
                                 std::string_view text) const {
  auto facts = std::make_shared<TokenFacts>(factsOf(token, rules_));
  facts->generation = verifier_.generation();
  if (!facts->identity.empty()) facts->session_token = sessions_.tokenFor(facts->identity);
  Memory& memory = *memories_[exchange.workerIndex()];
  jwt::Digest digest;
  // What it holds is part of the token, up to three times.
  if (memory.digester.digest(text, digest))
    memory.tokens.put(digest, facts, sizeof(TokenFacts) + 3 * text.size());
  return facts;
}

Result<chain::Verdict> JwtAuth::missing(const http::Exchange& exchange) const {
  events::fireAuthFailure(events_, exchange, {});
  return Error(Errc::kForbidden, Side::kClient, 400, "Authorization field missing");
}

Error JwtAuth::refused(const http::Exchange& exchange, Verification outcome) const {
  TYKPP_LOG(info, "jwt", "a token is refused api_id={} request_id={}",
            log::quoted(exchange.api->api_id), exchange.requestId());
  events::fireAuthFailure(events_, exchange, {});
  return forbidden(outcome == Verification::kUnexpectedMethod
                       ? "Key not authorized: Unexpected signing method"
                       : "Key not authorized");
}

Result<void> JwtAuth::judge(const http::Exchange& exchange, const TokenFacts& facts) const {
  if (std::optional<Error> problem = timeProblem(facts, rules_, unixSeconds()); problem)
    return std::move(*problem);
  if (!facts.refusal.empty()) {
    return Error(Errc::kForbidden, Side::kClient, 401, "Key not authorized: " + facts.refusal);
  }
  if (!facts.identity.empty()) return {};
  events::fireAuthFailure(events_, exchange, "[NOT FOUND]");
  return Error(Errc::kForbidden, Side::kClient, 403, facts.identity_problem);
}

Result<chain::Verdict> JwtAuth::admitted(http::Exchange& exchange,
                                         const std::shared_ptr<session::SessionEntry>& entry,
                                         const TokenFacts& facts) const {
  if (!admit(exchange, keyrings_.of(exchange.workerIndex()), entry, becomes_identity_))
    return refused(exchange, Verification::kBad);
  http::noteToken(exchange, entry->token());
  if (!facts.shown.empty()) showClaims(exchange, facts);
  return chain::Verdict::kContinue;
}

Result<chain::Verdict> JwtAuth::onRequest(http::Exchange& exchange) const {
  if (exchange.ignore_auth) return chain::Verdict::kContinue;
  const std::string_view text = tokenOf(exchange);
  if (text.empty()) return missing(exchange);
  if (!rules_.central) return chain::Verdict::kSuspend;
  const Facts* facts = known(exchange, text);
  if (facts == nullptr) return chain::Verdict::kSuspend;
  if (const Result<void> fine = judge(exchange, **facts); !fine) return fine.error();
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const auto entry = keyring.cached(exchange.api->org_id, (*facts)->session_token);
  if (entry == nullptr || !sessions_.settled(*entry, **facts, keyring.policies()))
    return chain::Verdict::kSuspend;
  return admitted(exchange, entry, **facts);
}

net::Task<Result<JwtAuth::Facts>> JwtAuth::verified(http::Exchange& exchange,
                                                    std::string_view text) const {
  if (const Facts* facts = known(exchange, text); facts != nullptr) co_return Facts(*facts);
  const Result<jwt::Token> token = jwt::Token::parse(text);
  if (!token) co_return refused(exchange, Verification::kBad);
  Verification outcome = verifier_.verify(*token, false);
  if (outcome == Verification::kNeedsKeys) {
    net::Loop& loop = keyrings_.of(exchange.workerIndex()).loop();
    co_await verifier_.fetchKeys(loop, token->kid());
    outcome = verifier_.verify(*token, true);
  }
  if (outcome != Verification::kGood) co_return refused(exchange, outcome);
  co_return remember(exchange, *token, text);
}

net::Task<Result<chain::Verdict>> JwtAuth::finish(http::Exchange& exchange) const {
  const std::string_view text = tokenOf(exchange);
  if (!rules_.central) co_return co_await oneToOne(exchange, text);
  Result<Facts> found = co_await verified(exchange, text);
  if (!found) co_return found.error();
  const Facts facts = *found;
  const Result<void> fine = judge(exchange, *facts);
  if (!fine) co_return fine.error();
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  Result<JwtSessions::Entry> entry = co_await sessions_.find(keyring, *facts);
  if (!entry) {
    events::fireAuthFailure(events_, exchange, facts->identity);
    co_return entry.error();
  }
  co_return admitted(exchange, *entry, *facts);
}

net::Task<Result<chain::Verdict>> JwtAuth::oneToOne(http::Exchange& exchange,
                                                    std::string_view text) const {
  const Result<jwt::Token> token = jwt::Token::parse(text);
  if (!token) co_return refused(exchange, Verification::kBad);
  Verification outcome = Verification::kBad;
  const std::optional<jwt::Algorithm> algorithm = allowedAlgorithm(*token, rules_.family, outcome);
  if (!algorithm) co_return refused(exchange, outcome);
  const Result<std::string> name = keyNameOf(*token, rules_);
  if (!name) co_return refused(exchange, Verification::kBad);
  session::Keyring& keyring = keyrings_.of(exchange.workerIndex());
  const std::string_view org_id = exchange.api->org_id;
  Result<JwtSessions::Entry> entry = co_await keyring.find(org_id, *name);
  if (!entry || *entry == nullptr) co_return refused(exchange, Verification::kBad);
  const Result<jwt::Key> key = keyFrom((*entry)->stored().jwt_secret, rules_.family);
  if (!key || !key->verify(*algorithm, token->signedText(), token->signature()))
    co_return refused(exchange, Verification::kBad);
  TokenFacts facts = factsOf(*token, rules_);
  // The session's name is the identity here: claims need not have one.
  facts.identity = *name;
  const Result<void> fine = judge(exchange, facts);
  if (!fine) co_return fine.error();
  co_return admitted(exchange, *entry, facts);
}

}  // namespace tykpp::middleware
