#include "client/client.hpp"

#include "client/impl/engine.hpp"

namespace tykpp::client {

HttpClient::HttpClient(Limits limits) : engine_(std::make_unique<Engine>(limits)) {}

HttpClient::~HttpClient() = default;

void HttpClient::send(Request request, Done done) {
  engine_->send(std::move(request), std::move(done));
}

}  // namespace tykpp::client
