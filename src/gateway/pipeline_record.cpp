// What is told, and what is kept, of a request after its answer.

#include <algorithm>
#include <array>

#include "gateway/pipeline.hpp"
#include "http/answer_cache.hpp"
#include "upstream/gzip_decoder.hpp"

namespace tykpp::gateway {
namespace {

/// The text that was packed, as far as it was kept; what is none stays as it is.
void unpack(http::BodyTap& body) {
  upstream::GzipDecoder decoder;
  std::string_view packed = body.text();
  std::string plain;
  std::array<char, 16384> piece;
  while (plain.size() < body.limit()) {
    const auto size = decoder.decode(packed, piece);
    if (!size && plain.empty()) return;
    if (!size || *size == 0) break;
    plain.append(piece.data(), std::min(*size, body.limit() - plain.size()));
  }
  body.replace(std::move(plain));
}

}  // namespace

std::unique_ptr<http::BodyTap> Pipeline::tapForCache(const http::Exchange& exchange) const {
  const http::AnswerCache* cache = exchange.answer_cache;
  if (cache == nullptr || cache->lifetime <= 0) [[likely]]
    return nullptr;
  return std::make_unique<http::BodyTap>(
      static_cast<std::size_t>(shared_.config.cache.max_answer_size),
      http::BodyTap::Longer::kNothing);
}

std::unique_ptr<Pipeline::Capture> Pipeline::capture(const ApiRuntime& api,
                                                     http::ServerExchange& sx,
                                                     analytics::Ending ending) const {
  http::Exchange& exchange = sx.exchange();
  if (!api.traffic->isDetailed(exchange) || !api.traffic->records(exchange)) return nullptr;
  auto made = std::make_unique<Capture>(
      static_cast<std::size_t>(shared_.config.analytics.max_recorded_body));
  made->takeRequest(exchange, analytics::recordedRequest(exchange, *api.spec, ending));
  if (exchange.request().body() == nullptr) sx.tapBody(made->requestBody());
  return made;
}

net::Task<void> Pipeline::record(const ApiRuntime& api, http::ServerExchange& sx,
                                 analytics::Ending ending, Capture* capture) {
  http::Exchange& exchange = sx.exchange();
  if (!api.traffic->records(exchange)) co_return;
  http::TrafficRecord record;
  api.traffic->fill(exchange, ending, worker_.loop().now() - exchange.started, clock_, record);
  if (capture != nullptr) {
    if (capture->isGzip() && !capture->responseBody().text().empty()) {
      unpack(capture->responseBody());
    }
    capture->put(record);
  }
  if (api.analytics != nullptr) {
    drivers::HookVerdict verdict = api.analytics->onRecord(exchange, record);
    if (verdict == drivers::HookVerdict::kPending)
      verdict = co_await api.analytics->finish(exchange, record);
    if (verdict == drivers::HookVerdict::kDrop) co_return;
  }
  if (shared_.traffic == nullptr) co_return;
  api.traffic->complete(exchange, record);
  shared_.traffic->of(worker_.index()).add(record);
}

}  // namespace tykpp::gateway
