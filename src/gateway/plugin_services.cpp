// What the gateway does for plugins beside the workers: HTTP calls and values that are kept.

#include "events/fire.hpp"
#include "gateway/gateway.hpp"

namespace tykpp::gateway {
namespace {

client::Request requestOf(drivers::FetchRequest fetch) {
  client::Request request;
  request.method = std::move(fetch.method);
  request.url = std::move(fetch.url);
  request.headers = std::move(fetch.headers);
  request.body = std::move(fetch.body);
  request.timeout = std::max(fetch.timeout, std::chrono::milliseconds(1));
  request.tls.insecure_skip_verify = fetch.insecure_skip_verify;
  request.follow_redirects = fetch.follow_redirects;
  request.max_body = fetch.max_body;
  return request;
}

Result<drivers::FetchResponse> responseOf(Result<client::Response> answer) {
  if (!answer) return answer.error();
  return drivers::FetchResponse{answer->status, std::move(answer->headers),
                                std::move(answer->body)};
}

}  // namespace

void Gateway::fetch(std::uint32_t worker, drivers::FetchRequest request, Fetched done) {
  // The answer crosses from the client's thread to the worker in one post.
  auto shared = std::make_shared<Fetched>(std::move(done));
  client_->send(requestOf(std::move(request)), [this, worker,
                                                shared](Result<client::Response> answer) {
    auto result = std::make_shared<Result<drivers::FetchResponse>>(responseOf(std::move(answer)));
    post(worker, [shared, result] { (*shared)(std::move(*result)); });
  });
}

void Gateway::storeData(std::string key, std::string value, std::chrono::seconds ttl, Stored done) {
  data_->set(std::move(key), std::move(value), ttl, std::move(done));
}

void Gateway::loadData(std::string key, Stored done) {
  data_->get(std::move(key), std::move(done));
}

void Gateway::triggerEvent(std::string name, std::string message) {
  events::fireCustom(events_->gateway(), std::move(name), std::move(message));
}

}  // namespace tykpp::gateway
