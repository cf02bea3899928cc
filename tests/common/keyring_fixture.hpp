#pragma once
// Keyrings over a real embedded store, with one worker, and steps run on its loop.

#include <future>
#include <memory>
#include <string>
#include <thread>

#include "chain/step.hpp"
#include "common/store_loop.hpp"
#include "definition/gateway_config.hpp"
#include "session/keyring.hpp"

namespace tykpp::test {

class KeyringLoop {
 public:
  explicit KeyringLoop(definition::GatewayConfig given = {}) : config(std::move(given)) {
    store_ = storage::makeEmbeddedKeyStore({.file = folder_.file("keys.db")});
    awaitUp(*store_);
    keyrings_ = std::make_unique<session::Keyrings>(config, *store_);
    keyrings_->add(loop_);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~KeyringLoop() {
    sync([] {});
    loop_.stop();
    thread_.join();
    keyrings_.reset();
  }
  session::Keyrings& keyrings() { return *keyrings_; }
  session::Keyring& keyring() { return keyrings_->of(0); }

  /// Runs it on the loop and waits.
  void sync(const std::function<void()>& action) {
    std::promise<void> done;
    loop_.post([&] {
      action();
      done.set_value();
    });
    done.get_future().wait();
  }
  /// Awaits what `make(keyring)` returns.
  template <class Make>
  auto ask(Make make) {
    using T = typename AnswerOf<std::invoke_result_t<Make, session::Keyring&>>::Type;
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto answer = promise->get_future();
    loop_.post([this, make, promise] { fulfil<T>(make(keyring()), promise); });
    return answer.get();
  }
  /// Stores a session under a token.
  void put(std::string token, const std::string& json) {
    const auto data = session::SessionData::parse(json).value();
    ask([&](session::Keyring& ring) {
      return ring.store().save(name_ = ring.store().nameOf(token), data, 0,
                               storage::SetIf::kAlways);
    }).value();
  }
  /// What a step says about a request, waiting included.
  Result<chain::Verdict> run(const chain::Step& step, http::Exchange& exchange) {
    auto promise = std::make_shared<std::promise<Result<chain::Verdict>>>();
    auto answer = promise->get_future();
    loop_.post([&step, &exchange, promise] { whole(step, exchange, promise); });
    return answer.get();
  }

  definition::GatewayConfig config;

 private:
  static net::Detached whole(const chain::Step& step, http::Exchange& exchange,
                             std::shared_ptr<std::promise<Result<chain::Verdict>>> promise) {
    Result<chain::Verdict> verdict = step.onRequest(exchange);
    if (verdict && *verdict == chain::Verdict::kSuspend) verdict = co_await step.finish(exchange);
    promise->set_value(std::move(verdict));
  }
  Folder folder_;
  std::unique_ptr<storage::KeyStore> store_;
  net::Loop loop_;
  std::unique_ptr<session::Keyrings> keyrings_;
  std::string name_;
  std::thread thread_;
};

}  // namespace tykpp::test
