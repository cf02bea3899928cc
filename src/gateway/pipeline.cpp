#include "gateway/pipeline.hpp"

#include <fmt/format.h>

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "gateway/rate_limits.hpp"
#include "gateway/request_probe.hpp"
#include "gateway/rewritten_call.hpp"
#include "http/answer_cache.hpp"
#include "http/hop_by_hop.hpp"
#include "middleware/cache_lookup.hpp"
#include "response/local_reply.hpp"
#include "route/path_clean.hpp"
#include "route/upstream_path.hpp"

namespace tykpp::gateway {
namespace {

using http::HeaderId;

/// What the reference notes where the client left before its answer.
constexpr std::uint16_t kClientClosedRequest = 499;

/// An answer whose body is in memory. @param lines  complete header lines that it gets besides
void takeLocal(analytics::WireCapture& capture, const http::Exchange& exchange,
               std::string_view lines = {}) {
  capture.takeResponse(exchange, lines);
  if (exchange.response().body() != nullptr)
    capture.responseBody().add(*exchange.response().body());
}

/// `Upgrade: websocket` with `Connection: Upgrade` (RFC 6455 section 4.1).
bool asksForWebSocket(const http::Request& request) {
  if (!equalsIgnoreCase(request.headers.get(HeaderId::kUpgrade), "websocket")) return false;
  bool upgrade = false;
  forEachListElement(request.headers.get(HeaderId::kConnection),
                     [&upgrade](std::string_view token) {
                       upgrade = upgrade || equalsIgnoreCase(token, "upgrade");
                     });
  return upgrade;
}

/// The gateway's own limit headers win over an upstream's.
void dropLimitHeaders(http::Headers& headers) {
  constexpr std::string_view kPrefix = "x-ratelimit-";
  headers.eraseIf([kPrefix](const http::HeaderField& field) {
    if (field.id != HeaderId::kOther || field.name.size() < 17 ||
        !equalsIgnoreCase(field.name.substr(0, kPrefix.size()), kPrefix))
      return false;
    const std::string_view rest = field.name.substr(kPrefix.size());
    return equalsIgnoreCase(rest, "limit") || equalsIgnoreCase(rest, "remaining") ||
           equalsIgnoreCase(rest, "reset");
  });
}

bool isCorsField(const http::HeaderField& field) noexcept {
  constexpr std::string_view kPrefix = "access-control-";
  return field.id == HeaderId::kOther && field.name.size() > kPrefix.size() &&
         equalsIgnoreCase(field.name.substr(0, kPrefix.size()), kPrefix);
}

/// Fields that request hooks and steps want on the answer, whoever made it. What they say about
/// CORS replaces what an upstream says.
void addAnswerHeaders(http::Exchange& exchange) {
  if (exchange.answer_headers.size() == 0) [[likely]]
    return;
  http::Headers& headers = exchange.response().headers;
  for (const http::HeaderField& field : exchange.answer_headers) {
    if (isCorsField(field)) headers.erase({field.id, field.name});
  }
  headers.prepend(exchange.answer_headers);
}

/// The lines that every proxied answer gets: prepared ones, or with the numbers of the session.
std::string_view answerLines(const ApiRuntime& api, http::Exchange& exchange) {
  if (exchange.session == nullptr || !api.tells_quotas) [[likely]]
    return api.answer_lines;
  const http::LimitNumbers& numbers = exchange.limit_numbers;
  char text[256];
  const auto end =
      fmt::format_to_n(text, sizeof text,
                       "X-Ratelimit-Limit: {}\r\nX-Ratelimit-Remaining: {}\r\n"
                       "X-Ratelimit-Reset: {}\r\n{}",
                       numbers.limit, numbers.remaining, numbers.reset, api.expiry_line);
  return exchange.arena().copy(std::string_view(text, end.size));
}

std::chrono::milliseconds inMilliseconds(std::chrono::duration<double> time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time);
}

/// `CORS.options_passthrough`: the upstream answers OPTIONS requests, nothing of the chain runs.
bool passesSteps(const definition::ApiSpec& spec, const http::Request& request) noexcept {
  return spec.cors.options_passthrough && request.method == "OPTIONS";
}

/// A step's answer that says no is recorded as an error is, unless it is an upstream's of before.
analytics::Ending endingOf(const http::Exchange& exchange) noexcept {
  const bool refused = exchange.response().status >= 400 && !http::cameFromCache(exchange);
  return refused ? analytics::Ending::kError : analytics::Ending::kStep;
}

/// The gateway's own numbers are the only ones on answers that passed it, however they came.
std::string_view ownLines(const ApiRuntime& api, http::Exchange& exchange) {
  if (api.tells_quotas || exchange.answer_headers.contains("X-Ratelimit-Limit"))
    dropLimitHeaders(exchange.response().headers);
  return answerLines(api, exchange);
}

/// Answers that go on for as long as both sides like: upgraded connections and event streams.
bool neverEnds(const http::Response& response) {
  const std::string_view type = response.headers.get(HeaderId::kContentType);
  return response.status == 101 || type.starts_with("text/event-stream") ||
         type.starts_with("application/grpc");
}

}  // namespace

net::Task<void> Pipeline::handle(http::ServerExchange& sx) {
  http::Exchange& exchange = sx.exchange();
  const std::uint16_t port = sx.listenerPort();
  const bool served = probe_ == nullptr;
  if (port == shared_.control_port && served &&
      shared_.control.isControlPath(exchange.request().path)) {
    co_await shared_.control.answer(sx, worker_.loop());
    co_return;
  }
  const LeaseGuard lease(worker_);
  const Snapshot& snapshot = served ? *lease : probe_->snapshot();
  const ApiRuntime* routed = served ? route(snapshot, port, exchange) : probe_->begin(exchange);
  if (routed == nullptr) {
    co_await sx.sendLocal();
    co_return;
  }
  exchange.api = routed->spec.get();
  if (routed->oauth) [[unlikely]] {
    // Endpoints of its authorisation server stand beside the API, not behind its chain.
    if (const oauth::Endpoint endpoint = OAuthBridge::endpointOf(exchange);
        endpoint != oauth::Endpoint::kNone) {
      co_await shared_.oauth.answer(sx, *routed, endpoint);
      co_await answer(*routed, sx, nullptr);
      co_return;
    }
  }
  Result<chain::Verdict> verdict = chain::Verdict::kContinue;
  if (routed->choice != nullptr) [[unlikely]] {
    auto chosen = chooseVersion(snapshot, *routed, exchange);
    if (chosen) {
      routed = *chosen;
    } else if (!passesSteps(*routed->spec, exchange.request())) {
      verdict = chosen.error();
    }
  }
  const ApiRuntime& api = *routed;
  const bool page = !api.rate_limits.request().empty() && asksForRateLimits(exchange);
  const chain::Chain& steps = page ? api.rate_limits : api.chain;
  if (verdict && !steps.request().empty() && !passesSteps(*api.spec, exchange.request())) {
    verdict = co_await runRequestChain(steps, sx);
  }
  if (!served) [[unlikely]]
    probe_->takeRequest(api, exchange);
  auto ending = analytics::Ending::kUpstream;
  if (!verdict) {
    ending = analytics::Ending::kError;
  } else if (*verdict == chain::Verdict::kRespond) {
    ending = endingOf(exchange);
  }
  const std::unique_ptr<Capture> captured =
      api.traffic != nullptr ? capture(api, sx, ending) : nullptr;
  if (!verdict) {
    const Error error = verdict.error();
    co_await fail(error, sx, captured.get());
  } else if (*verdict == chain::Verdict::kRespond) {
    co_await answer(api, sx, captured.get());
  } else {
    ending = co_await proxy(api, sx, captured.get());
  }
  if (api.traffic != nullptr) co_await record(api, sx, ending, captured.get());
}

const ApiRuntime* Pipeline::route(const Snapshot& snapshot, std::uint16_t port,
                                  http::Exchange& exchange) const {
  const route::Router* router =
      port == shared_.api_port ? snapshot.router.get() : snapshot.routerOf(port);
  if (router == nullptr) {
    response::notFound(exchange);
    return nullptr;
  }
  const http::Request& request = exchange.request();
  if (!shared_.config.http_server_options.skip_url_cleaning) {
    if (const auto location = route::cleanRedirect(request, exchange.arena()); location) {
      response::movedPermanently(exchange, *location);
      return nullptr;
    }
  }
  const std::optional<route::Match> match = router->match(request.host, request.path);
  if (!match || match->strict_miss) {
    if (shared_.config.track_404_logs) {
      TYKPP_LOG(err, "main", "no API for this request request_id={} path={} origin={} host={}",
                exchange.requestId(), log::quoted(request.path), exchange.peer.address,
                log::quoted(request.host));
    }
    response::notFound(exchange);
    return nullptr;
  }
  if (!match->by_id) exchange.listen_path_match = request.path.substr(0, match->matched_size);
  return snapshot.apis[match->api_index].get();
}

Result<upstream::CallOptions> Pipeline::callOptions(const ApiRuntime& api,
                                                    http::Exchange& exchange) const {
  const definition::ApiSpec& spec = *api.spec;
  const definition::GatewayConfig& config = shared_.config;
  const definition::TargetUrl* target = &spec.target;
  upstream::CallOptions options;
  options.endpoint = &api.endpoint;
  if (!spec.targets.empty()) {
    const std::size_t turn =
        api.next_target.fetch_add(1, std::memory_order_relaxed) % spec.targets.size();
    target = &spec.targets[turn];
    options.endpoint = &api.endpoints[turn];
  }
  http::Request& request = exchange.request();
  // A plugin may have left the listen path: then there is nothing to take off.
  const bool strip = spec.strip_listen_path && request.path.starts_with(exchange.listen_path_match);
  const std::size_t stripped = strip ? exchange.listen_path_match.size() : 0;
  options.target =
      route::upstreamTarget(request, spec, *target, stripped,
                            config.http_server_options.skip_target_path_escaping, exchange.arena());
  options.host = spec.preserve_host_header && !request.host.empty()
                     ? request.host
                     : std::string_view(target->host_header);
  options.header_timeout = inMilliseconds(config.proxy_default_timeout);
  options.total_timeout = spec.enforced_timeout;
  options.upgrade = config.http_server_options.enable_websockets && asksForWebSocket(request);
  // Nobody comes back to connections of an API that is not registered.
  options.close = config.proxy_close_connections || probe_ != nullptr;
  options.max_head_bytes = static_cast<std::size_t>(config.max_header_size);
  http::removeHopByHop(request.headers);
  if (api.credential) [[unlikely]] {
    request.headers.erase(api.credential->name);
    options.credential = &*api.credential;
  }
  if (exchange.upstream_change != nullptr) [[unlikely]] {
    const Result<void> done =
        applyUpstreamChange(api, config, *target, rewritten_endpoints_, exchange, options);
    if (!done) return done.error();
  }
  return options;
}

net::Task<analytics::Ending> Pipeline::proxy(const ApiRuntime& api, http::ServerExchange& sx,
                                             Capture* capture) const {
  const Result<upstream::CallOptions> options = callOptions(api, sx.exchange());
  if (!options) {
    const Error error = options.error();
    co_await fail(error, sx, capture);
    co_return analytics::Ending::kError;
  }
  upstream::Call call(sx, worker_.pool(), shared_.resolver, *options);
  Result<void> done = co_await call.start();
  if (done && !api.chain.response().empty()) {
    done = co_await runResponseChain(api, sx, call);
    if (!done) co_await call.release();
  }
  if (!done) {
    const Error error = done.error();
    co_await fail(error, sx, capture);
    co_return analytics::Ending::kError;
  }
  const std::string_view lines = ownLines(api, sx.exchange());
  addAnswerHeaders(sx.exchange());
  const std::unique_ptr<http::BodyTap> kept = tapForCache(sx.exchange());
  if (kept != nullptr) call.tapAnswer(*kept);
  if (capture != nullptr) {
    if (neverEnds(sx.exchange().response())) {
      capture->giveUp();
    } else {
      capture->takeResponse(sx.exchange(), lines);
      if (kept != nullptr) capture->responseBody().passOn(*kept);
      call.tapAnswer(capture->responseBody());
    }
  }
  co_await call.send(lines);
  if (kept != nullptr && !kept->overflown() && !sx.aborted()) {
    middleware::keepAnswer(sx.exchange(), kept->text(), shared_.cache.of(worker_.index()));
  }
  co_return analytics::Ending::kUpstream;
}

net::Task<void> Pipeline::answer(const ApiRuntime& api, http::ServerExchange& sx,
                                 Capture* capture) const {
  if (sx.exchange().answer_passes_response_chain && !api.chain.response().empty()) {
    const Result<void> done = co_await runResponseSteps(api, sx);
    if (!done) {
      const Error error = done.error();
      co_await fail(error, sx, capture);
      co_return;
    }
  }
  std::string_view lines;
  if (http::cameFromCache(sx.exchange())) lines = ownLines(api, sx.exchange());
  addAnswerHeaders(sx.exchange());
  if (capture != nullptr) takeLocal(*capture, sx.exchange(), lines);
  co_await sx.sendLocal(lines);
}

net::Task<Result<void>> Pipeline::runResponseChain(const ApiRuntime& api, http::ServerExchange& sx,
                                                   upstream::Call& call) const {
  if (neverEnds(sx.exchange().response())) {
    runStreamSteps(api, sx.exchange());
    // Buffering it for a plugin would keep the client waiting for good.
    TYKPP_LOG(debug, "plugin",
              "response hooks are passed over for a stream request_id={} api_id={}",
              sx.exchange().requestId(), api.spec->api_id);
    co_return Result<void>{};
  }
  if (api.chain.responseBody() == http::BodyNeed::kBuffer) {
    std::int64_t limit = shared_.config.max_buffered_body_size;
    const std::int64_t wanted = shared_.config.http_server_options.max_response_body_size;
    if (wanted > 0 && wanted < limit) limit = wanted;
    Result<void> read = co_await call.bufferBody(static_cast<std::size_t>(limit));
    if (!read) co_return read;
  }
  co_return co_await runResponseSteps(api, sx);
}

net::Task<void> Pipeline::fail(const Error& error, http::ServerExchange& sx,
                               Capture* capture) const {
  http::Exchange& exchange = sx.exchange();
  if (error.code() == Errc::kClientGone || sx.headSent()) {
    // What a record of it says; nobody gets it.
    if (!sx.headSent()) exchange.response().status = kClientClosedRequest;
    sx.abort();
    co_return;
  }
  if (error.status() >= 500) {
    TYKPP_LOG(warn, "proxy",
              "request failed: {} detail={} status={} request_id={} api_id={} path={}",
              error.message(), log::quoted(error.detail()), error.status(), exchange.requestId(),
              exchange.api->api_id, log::quoted(exchange.request().path));
  }
  // A body that cannot be framed leaves nothing on this connection to trust.
  if (error.code() == Errc::kBadRequest || error.code() == Errc::kBodyUnreadable) sx.closeAfter();
  if (error.code() == Errc::kBadRequest) {
    response::badRequest(exchange);
  } else {
    shared_.errors.fill(exchange, error.status(), error.message());
    // The template decides about the type of what it wrote.
    for (const http::HeaderField& field : exchange.error_headers) {
      if (field.id != HeaderId::kContentType) {
        exchange.response().headers.set({field.id, field.name}, field.value);
      }
    }
  }
  // What the error document says of itself replaces what a hook said before it was known.
  exchange.answer_headers.eraseIf([&exchange](const http::HeaderField& field) {
    return exchange.response().headers.contains({field.id, field.name});
  });
  addAnswerHeaders(exchange);
  if (capture != nullptr) takeLocal(*capture, exchange);
  co_await sx.sendLocal();
}

}  // namespace tykpp::gateway
