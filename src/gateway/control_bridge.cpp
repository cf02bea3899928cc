#include "gateway/control_bridge.hpp"

#include "base/clock.hpp"
#include "certs/client_check.hpp"
#include "response/local_reply.hpp"

namespace tykpp::gateway {

/// Suspends the worker's coroutine while the main thread works.
class ControlBridge::Ask {
 public:
  Ask(ControlBridge& bridge, net::Loop& worker, admin::AdminRequest request)
      : bridge_(bridge),
        question_(std::make_shared<Question>(Question{worker, std::move(request), {}, {}})) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> caller) {
    question_->caller = caller;
    bridge_.main_.post([&bridge = bridge_, question = question_] { bridge.ask(question); });
  }
  admin::AdminReply await_resume() { return std::move(question_->reply); }

 private:
  ControlBridge& bridge_;
  std::shared_ptr<Question> question_;
};

void ControlBridge::ask(const std::shared_ptr<Question>& question) {
  waiting_.push_back(question);
  if (given_up_) return giveUp();
  api_.handle(std::move(question->request),
              [this, question](admin::AdminReply reply) { give(question, std::move(reply)); });
}

void ControlBridge::give(const std::shared_ptr<Question>& question, admin::AdminReply reply) {
  if (std::exchange(question->answered, true)) return;  // what it waited for came too late
  std::erase(waiting_, question);
  question->reply = std::move(reply);
  question->worker.post([question] { question->caller.resume(); });
}

void ControlBridge::giveUp() {
  given_up_ = true;
  const auto waiting = std::exchange(waiting_, {});
  for (const auto& question : waiting) {
    give(question, {503,
                    "application/json",
                    R"({"status":"error","message":"the gateway is shutting down"})"
                    "\n",
                    {}});
  }
}

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
  sx.restDeadline();  // what is asked for may take its time
  Ask answered(*this, worker, std::move(asked));
  admin::AdminReply reply = co_await answered;
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
