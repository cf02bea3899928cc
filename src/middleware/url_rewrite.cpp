#include "middleware/url_rewrite.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "definition/api_spec.hpp"
#include "http/upstream_change.hpp"
#include "middleware/variables.hpp"

namespace tykpp::middleware {
namespace {

Error failed(std::string message) {
  return Error(Errc::kInternal, Side::kGateway, 500, std::move(message));
}

/// Scheme and authority where the client sent an absolute URL, else empty.
std::string_view originOf(const http::Request& request) noexcept {
  const std::string_view received = request.received_target;
  const std::size_t scheme = received.find("://");
  if (received.starts_with('/') || scheme == std::string_view::npos) return {};
  return received.substr(0, received.find_first_of("/?", scheme + 3));
}

/// The request's URL as patterns see it: escaped, with the listen path and the query.
std::string_view urlOf(const http::Exchange& exchange, std::string_view origin, Arena& arena) {
  const std::string_view target = exchange.request().target;
  return origin.empty() ? target : arena.concat(origin, target);
}

/// Percent escapes decoded, `+` left alone. @error  a malformed one, as the reference tells it
Result<std::string_view> unescaped(std::string_view text, Arena& arena) {
  char* out = static_cast<char*>(arena.allocate(std::max<std::size_t>(text.size(), 1), 1));
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out[size++] = text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return failed("failed to decode URL path: invalid URL escape \"" +
                    std::string(text.substr(i, 3)) + "\"");
    }
    out[size++] = static_cast<char>(high * 16 + low);
    i += 2;
  }
  return std::string_view(out, size);
}

void tellPattern(const char* what, const std::string& pattern, const definition::ApiSpec& api,
                 const std::string& pointer) {
  if (RewritePattern::compile(pattern)) return;
  TYKPP_LOG(warn, "rewrite", "{} cannot be compiled: {} api_id={} place={}", what,
            log::quoted(pattern), log::quoted(api.api_id), log::quoted(pointer));
}

/// Names expressions that cannot be read; the API is served all the same, as by the reference.
void tellPatterns(const definition::RewriteRule& rule, const definition::ApiSpec& api) {
  tellPattern("the pattern of a rewrite", rule.match_pattern, api, rule.place.pointer);
  for (const definition::RewriteTrigger& trigger : rule.triggers) {
    for (const definition::TriggerOption& option : trigger.options) {
      for (const definition::TriggerMatch& match : option.matches)
        tellPattern("a pattern of a trigger", match.pattern, api, rule.place.pointer);
    }
  }
}

}  // namespace

UrlRewrite::Rule::Rule(const definition::RewriteRule& rule)
    : text(rule.match_pattern), rewrite_to(rule.rewrite_to) {
  auto compiled = RewritePattern::compile(rule.match_pattern);
  if (compiled) pattern = std::move(*compiled);
  for (const definition::RewriteTrigger& trigger : rule.triggers)
    triggers.emplace_back(trigger, triggers.size());
}

Result<std::vector<std::unique_ptr<chain::Step>>> UrlRewrite::create(
    const chain::BuildContext& build) {
  std::vector<std::unique_ptr<chain::Step>> steps;
  const definition::TransformRules* rules = build.api.transforms.get();
  if (rules == nullptr || rules->rewrites.empty()) return steps;
  auto step = std::make_unique<UrlRewrite>();
  for (const definition::RewriteRule& from : rules->rewrites) {
    Rule rule(from);
    tellPatterns(from, build.api);
    step->needs_body_ =
        step->needs_body_ || std::any_of(rule.triggers.begin(), rule.triggers.end(),
                                         [](const auto& trigger) { return trigger.needsBody(); });
    if (auto added = step->rules_.add(from.place, rules->matching, std::move(rule)); !added)
      return added.error();
  }
  steps.push_back(std::move(step));
  return steps;
}

const definition::VariableText& UrlRewrite::resultOf(const Rule& rule, http::Exchange& exchange) {
  for (const RewriteTriggerCheck& trigger : rule.triggers) {
    if (trigger.fires(exchange)) return trigger.rewriteTo();
  }
  return rule.rewrite_to;
}

Result<void> UrlRewrite::redirect(http::Exchange& exchange, std::string_view url,
                                  std::string_view own_authority) {
  constexpr std::string_view kLoop = "tyk://";
  if (equalsIgnoreCase(url.substr(0, kLoop.size()), kLoop)) {
    // One that the definition spells out does not load; this one came out of a variable.
    return failed("Can't detect loop target");
  }
  http::UpstreamChange& change = http::upstreamChangeOf(exchange);
  if (!change.setUrl(url, exchange.arena())) {
    TYKPP_LOG(err, "rewrite", "URL Rewrite failed, could not parse: {} api_id={} request_id={}",
              log::quoted(url), log::quoted(exchange.api->api_id), exchange.requestId());
    return {};
  }
  if (equalsIgnoreCase(change.authority, own_authority)) change.authority = change.scheme = {};
  return {};
}

Result<chain::Verdict> UrlRewrite::onRequest(http::Exchange& exchange) const {
  const Rule* rule = rules_.find(exchange);
  if (rule == nullptr) return chain::Verdict::kContinue;
  if (!rule->pattern) return failed("URLRewrite regexp error " + rule->text);
  const definition::VariableText& result = resultOf(*rule, exchange);
  Arena& arena = exchange.arena();
  const std::string_view origin = originOf(exchange.request());
  const std::string_view url = urlOf(exchange, origin, arena);
  RewritePattern::Groups groups = rule->pattern->find(url, 0, arena);
  if (groups.empty() && url.find('%') != std::string_view::npos) {
    const Result<std::string_view> plain = unescaped(url, arena);
    if (!plain) return plain.error();
    groups = rule->pattern->find(*plain, 0, arena);
  }
  if (groups.empty()) return chain::Verdict::kContinue;
  const std::string_view own = origin.empty() ? origin : origin.substr(origin.find("://") + 3);
  if (auto done = redirect(exchange, rendered(result, exchange, Escaping::kQuery, groups), own);
      !done)
    return done.error();
  return chain::Verdict::kContinue;
}

}  // namespace tykpp::middleware
