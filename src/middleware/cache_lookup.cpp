#include "middleware/cache_lookup.hpp"

#include <algorithm>
#include <charconv>
#include <new>

#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "http/client_address.hpp"
#include "middleware/cache_key.hpp"
#include "middleware/cached_answer.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

using chain::Verdict;
using definition::EndpointCache;
using http::AnswerCache;
using http::HeaderId;

/// Ten years: an upstream that says more means for good.
constexpr std::int64_t kLongestSeconds = 10LL * 365 * 24 * 3600;
/// Room for a head and for what base64 adds.
constexpr std::size_t kHeadRoom = 128 * 1024;

bool changesNothing(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

bool mayHaveBody(const EndpointCache& rule) noexcept {
  const std::string& method = rule.place.method;
  return method == "POST" || method == "PUT" || method == "PATCH";
}

AnswerCache* newAnswerCache(Arena& arena) {
  return new (arena.allocate(sizeof(AnswerCache), alignof(AnswerCache))) AnswerCache();
}

/// Whether a client can read a body in this coding (RFC 9110 section 12.5.3, without weights of
/// nought for `*`).
bool acceptsCoding(const http::Headers& headers, std::string_view coding) {
  if (coding.empty() || equalsIgnoreCase(coding, "identity")) return true;
  bool accepted = false;
  forEachListElement(headers.get(HeaderId::kAcceptEncoding), [&](std::string_view element) {
    const std::size_t end = std::min(element.find(';'), element.size());
    const std::string_view name = trim(element.substr(0, end));
    if (name != "*" && !equalsIgnoreCase(name, coding)) return;
    const std::string_view weight = element.substr(end);
    const bool refused = weight.find("q=0") != std::string_view::npos &&
                         weight.find_first_of("123456789") == std::string_view::npos;
    accepted = accepted || !refused;
  });
  return accepted;
}

/// Whether the client has this very answer. A tag in quotes is found anywhere in what it says, as
/// in the reference; one without is compared with whole elements, where `1` is not in `21`.
bool clientHas(std::string_view tags, std::string_view tag) {
  if (tags.empty() || tag.empty()) return false;
  if (tag.ends_with('"')) return tags.find(tag) != std::string_view::npos;
  bool found = false;
  forEachListElement(tags, [&](std::string_view element) { found = found || element == tag; });
  return found;
}

/// `Content-Length` of an answer, nothing when it has none.
std::optional<std::uint64_t> toldLength(const http::Response& response) {
  const std::string_view text = response.headers.get(HeaderId::kContentLength);
  std::uint64_t length = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || parsed.ec != std::errc()) return std::nullopt;
  return length;
}

}  // namespace

Result<std::vector<std::unique_ptr<chain::Step>>> CacheLookup::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  // Trials of plugins reach no upstream, so nothing of theirs is kept.
  if (build.api.cache == nullptr || build.cache == nullptr) return steps;
  auto step = std::make_unique<CacheLookup>(build);
  for (const EndpointCache& rule : build.api.cache->endpoints) {
    auto added = step->endpoints_.add(rule.place, build.api.cache->matching, rule);
    if (!added) return added.error();
    if (mayHaveBody(rule)) step->body_need_ = http::BodyNeed::kBuffer;
  }
  steps.push_back(std::move(step));
  return steps;
}

CacheLookup::CacheLookup(const chain::BuildContext& build)
    : rules_(build.api.cache),
      clients_(*build.cache),
      xff_depth_(build.config.http_server_options.xff_depth),
      max_value_bytes_(2 * static_cast<std::size_t>(build.config.cache.max_answer_size) +
                       kHeadRoom) {}

bool CacheLookup::concerns(const http::Exchange& exchange, const Rule*& rule) const {
  rule = nullptr;
  const http::Request& request = exchange.request();
  if (request.headers.contains(HeaderId::kUpgrade)) return false;
  // What endpoints say counts for nothing then, as in the reference.
  if (rules_->all_safe_requests && changesNothing(request.method)) return true;
  rule = endpoints_.findIf(exchange,
                           [](const Rule& entry, std::string_view wanted, std::string_view method) {
                             return entry.safe_methods ? changesNothing(method) : wanted == method;
                           });
  return rule != nullptr;
}

std::string_view CacheLookup::clientOf(const http::Exchange& exchange) const noexcept {
  // A session without a key is somebody, but nobody can say who.
  if (exchange.session != nullptr) return exchange.session->token();
  return http::clientAddress(exchange, xff_depth_);
}

Result<Verdict> CacheLookup::onRequest(http::Exchange& exchange) const {
  const Rule* rule = nullptr;
  if (!concerns(exchange, rule)) return Verdict::kContinue;
  const std::string_view client = clientOf(exchange);
  if (client.empty() || !clients_.of(exchange.workerIndex()).available()) return Verdict::kContinue;
  const CacheKeyRules key_rules{rules_->by_headers,
                                rule != nullptr ? rule->key_pattern.get() : nullptr};
  const std::string key = answerKey(exchange, client, key_rules);
  if (key.empty()) return Verdict::kContinue;
  AnswerCache* cache = newAnswerCache(exchange.arena());
  cache->key = exchange.arena().copy(key);
  cache->codes = rule != nullptr && !rule->codes.empty() ? rule->codes : rules_->codes;
  cache->timeout = rule != nullptr && rule->timeout > 0 ? rule->timeout : rules_->timeout;
  exchange.answer_cache = cache;
  return Verdict::kSuspend;
}

net::Task<Result<Verdict>> CacheLookup::finish(http::Exchange& exchange) const {
  storage::CacheClient& client = clients_.of(exchange.workerIndex());
  const std::string_view key = exchange.answer_cache->key;
  const std::optional<std::string> value = co_await client.get(key);
  // Other gateways may keep longer answers than this one reads.
  if (!value || value->size() > max_value_bytes_) co_return Verdict::kContinue;
  http::Response kept(exchange.arena());
  if (!decodeAnswer(*value, exchange.request().method, unixSeconds(), kept)) {
    client.remove(std::string(key));
    co_return Verdict::kContinue;
  }
  const std::string_view coding = kept.headers.get(HeaderId::kContentEncoding);
  if (!acceptsCoding(exchange.request().headers, coding)) co_return Verdict::kContinue;
  exchange.response() = std::move(kept);
  exchange.answer_cache->hit = true;
  answer(exchange);
  co_return Verdict::kRespond;
}

void CacheLookup::answer(http::Exchange& exchange) {
  http::Response& response = exchange.response();
  response.headers.set("X-Tyk-Cached-Response", "1");
  const std::string_view tags = exchange.request().headers.get("If-None-Match");
  if (!clientHas(tags, response.headers.get(HeaderId::kEtag))) return;
  response.status = 304;
  response.reason = {};
  response.headers.erase(HeaderId::kContentType);
  response.headers.erase(HeaderId::kContentLength);
  response.dropBody();
}

Result<std::vector<std::unique_ptr<chain::ResponseStep>>> CacheStore::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::ResponseStep>> steps;
  if (build.api.cache != nullptr && build.cache != nullptr)
    steps.push_back(std::make_unique<CacheStore>(build));
  return steps;
}

CacheStore::CacheStore(const chain::BuildContext& build)
    : rules_(build.api.cache),
      clients_(*build.cache),
      max_body_bytes_(static_cast<std::size_t>(build.config.cache.max_answer_size)) {}

std::optional<std::int64_t> CacheStore::ownLifetime(const http::Response& response) const {
  std::string_view text = response.headers.get(std::string_view(rules_->ttl_header));
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return std::nullopt;
  return std::clamp<std::int64_t>(seconds, 0, kLongestSeconds);
}

std::int64_t CacheStore::lifetimeOf(const http::Exchange& exchange) const {
  const http::Response& response = exchange.response();
  const AnswerCache& cache = *exchange.answer_cache;
  if (!isWholeAnswer(response.status)) return 0;
  bool kept = cache.codes.empty() || std::find(cache.codes.begin(), cache.codes.end(),
                                               response.status) != cache.codes.end();
  std::int64_t lifetime = cache.timeout;
  if (rules_->upstream_control) {
    kept = kept || !response.headers.get("X-Tyk-Cache-Action-Set").empty();
    lifetime = ownLifetime(response).value_or(lifetime);
  }
  return kept ? lifetime : 0;
}

Result<Verdict> CacheStore::onResponse(http::Exchange& exchange) const {
  AnswerCache* cache = exchange.answer_cache;
  if (cache == nullptr) return Verdict::kContinue;
  const std::int64_t lifetime = lifetimeOf(exchange);
  if (lifetime <= 0) return Verdict::kContinue;
  const http::Response& response = exchange.response();
  const std::string* body = response.body();
  if (body != nullptr && body->size() > max_body_bytes_) return Verdict::kContinue;
  if (body == nullptr && exchange.request().method != "HEAD" &&
      toldLength(response).value_or(0) > max_body_bytes_)
    return Verdict::kContinue;
  cache->head = wireHead(response, exchange.arena());
  cache->lifetime = lifetime;
  cache->told_length = toldLength(response);
  if (body == nullptr) return Verdict::kContinue;
  keepAnswer(exchange, *body, clients_.of(exchange.workerIndex()));
  cache->lifetime = 0;
  return Verdict::kContinue;
}

void keepAnswer(const http::Exchange& exchange, std::string_view body,
                storage::CacheClient& client) {
  const AnswerCache& cache = *exchange.answer_cache;
  const bool head_request = exchange.request().method == "HEAD";
  std::optional<std::uint64_t> length = body.size();
  if (exchange.response().status == 204) length.reset();
  if (head_request && body.empty()) length = cache.told_length;
  client.put(std::string(cache.key),
             encodeAnswer(cache.head, length, head_request ? std::string_view{} : body,
                          unixSeconds() + cache.lifetime),
             std::chrono::seconds(cache.lifetime));
}

}  // namespace tykpp::middleware
