#include "gateway/control_bridge.hpp"

#include "base/clock.hpp"
#include "certs/client_check.hpp"
#include "response/local_reply.hpp"

namespace tykpp::gateway {
namespace {

/// Suspends the worker's coroutine while the main thread works.
class Ask {
 public:
  Ask(net::Loop& main, net::Loop& worker, admin::AdminApi& api, admin::AdminRequest request)
      : main_(main), worker_(worker), api_(api), request_(std::move(request)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    main_.post([this, caller] {
      api_.handle(std::move(request_), [this, caller](admin::AdminReply reply) {
        worker_.post([this, caller, reply = std::move(reply)]() mutable {
          reply_ = std::move(reply);
          caller.resume();
        });
      });
    });
  }
  admin::AdminReply await_resume() { return std::move(reply_); }

 private:
  net::Loop& main_;
  net::Loop& worker_;
  admin::AdminApi& api_;
  admin::AdminRequest request_;
  admin::AdminReply reply_;
};

}  // namespace

std::string ControlBridge::certificateProblem(const http::Exchange& exchange) const {
  if (!tls_.control_api_use_mutual_tls) return {};
  if (!exchange.peer.tls) return certs::tlsNotEnabled().message();
  if (exchange.peer_certificates == nullptr) return certs::certificateRequired().message();
  const auto set = keyrings_.of(exchange.workerIndex()).certificates();
  static const certs::CertificateSet kNone;
  const Result<void> good =
      certs::checkClient(*exchange.peer_certificates, set != nullptr ? *set : kNone,
                         tls_.control_api_certificates, unixSeconds());
  return good ? std::string() : good.error().message();
}

net::Task<void> ControlBridge::answer(http::ServerExchange& sx, net::Loop& worker) {
  http::Exchange& exchange = sx.exchange();
  const http::Request& request = exchange.request();
  const Result<void> read = co_await sx.bufferBody(admin::AdminApi::kMaxBodyBytes);
  if (!read) {
    response::statusMessage(exchange, read.error().status(), read.error().message());
    co_await sx.sendLocal();
    co_return;
  }
  admin::AdminRequest asked{std::string(request.method),
                            std::string(request.path),
                            std::string(request.query),
                            request.body() != nullptr ? *request.body() : std::string(),
                            std::string(request.headers.get(http::HeaderId::kXTykAuthorization)),
                            std::string(request.host),
                            std::string(request.headers.get(http::HeaderId::kContentType)),
                            certificateProblem(exchange)};
  Ask ask(main_, worker, api_, std::move(asked));
  admin::AdminReply reply = co_await ask;
  http::Response& response = exchange.response();
  response.status = reply.status;
  response.headers.clear();
  if (!reply.content_type.empty())
    response.headers.addCopy(http::HeaderId::kContentType, reply.content_type);
  for (const auto& [name, value] : reply.headers)
    response.headers.addCopy(std::string_view(name), value);
  response.setBody(std::move(reply.body));
  co_await sx.sendLocal();
}

}  // namespace tykpp::gateway
