#include "gateway/plugin_fetch.hpp"

#include <algorithm>
#include <memory>

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

void fetchFor(drivers::WorkerServices& services, client::HttpClient& client, std::uint32_t worker,
              drivers::FetchRequest request, drivers::WorkerServices::Fetched done) {
  // The answer crosses from the client's thread to the worker in one post.
  auto shared = std::make_shared<drivers::WorkerServices::Fetched>(std::move(done));
  client.send(requestOf(std::move(request)), [&services, worker,
                                              shared](Result<client::Response> answer) {
    auto result = std::make_shared<Result<drivers::FetchResponse>>(responseOf(std::move(answer)));
    services.post(worker, [shared, result] { (*shared)(std::move(*result)); });
  });
}

}  // namespace tykpp::gateway
