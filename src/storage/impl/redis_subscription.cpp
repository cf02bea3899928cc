#include <utility>

#include "base/log.hpp"
#include "storage/impl/redis_client.hpp"

namespace tykpp::storage {
namespace {

/// What lives until its coroutine ends.
struct Listening {
  Listening(net::Loop& loop, const std::shared_ptr<RedisShared>& shared)
      : link(loop, shared), pause(loop) {}
  RedisLink link;
  Pause pause;
  std::unique_ptr<RedisConnector> connector;
  std::string channel;
  Subscriber subscriber;
  bool stopping = false;
};

bool isMessage(const redisReply& reply) {
  const auto parts = elements(reply);
  return parts.size() == 3 && textOf(*parts[0]) == "message";
}

/// Until the connection breaks. @return why
net::Task<Error> listen(Listening& me) {
  RedisCommand words{"SUBSCRIBE", me.channel};
  Result<Reply> reply = co_await me.link.ask(std::move(words));
  if (reply && isError(*reply)) co_return commandError(textOf(**reply));
  if (reply && !me.stopping && me.subscriber.ready) me.subscriber.ready();
  while (reply && !me.stopping) {
    if (isMessage(**reply)) me.subscriber.message(textOf(*(*reply)->element[2]));
    if (me.stopping) break;
    reply = co_await me.link.next();
  }
  if (me.stopping) co_return Error(Errc::kShuttingDown, "closed");
  co_return reply.error();
}

net::Detached keepListening(std::shared_ptr<Listening> self) {
  Listening& me = *self;
  while (!me.stopping) {
    const Result<void> opened = co_await me.connector->connect(me.link);
    std::string why;
    if (opened && !me.stopping) {
      const Error ended = co_await listen(me);
      why = ended.message();
    } else if (!opened) {
      why = opened.error().message();
    }
    me.link.close();
    if (me.stopping) break;
    TYKPP_LOG(warn, "storage", "subscription lost channel={} reason={}", log::quoted(me.channel),
              log::quoted(why));
    co_await me.pause.wait(me.link.shared().options.subscribe_pause);
  }
  me.link.close();
}

class RedisSubscription final : public Subscription {
 public:
  explicit RedisSubscription(std::shared_ptr<Listening> listening)
      : listening_(std::move(listening)) {}
  ~RedisSubscription() override {
    listening_->stopping = true;
    listening_->link.cancel(Errc::kShuttingDown);
    listening_->connector->cancel(Errc::kShuttingDown);
    listening_->pause.end();
  }

 private:
  std::shared_ptr<Listening> listening_;
};

}  // namespace

std::unique_ptr<Subscription> makeRedisSubscription(net::Loop& loop,
                                                    std::shared_ptr<RedisShared> shared,
                                                    std::unique_ptr<RedisConnector> connector,
                                                    std::string channel, Subscriber subscriber) {
  auto listening = std::make_shared<Listening>(loop, shared);
  listening->connector = std::move(connector);
  listening->channel = std::move(channel);
  listening->subscriber = std::move(subscriber);
  loop.post([listening] { keepListening(listening); });
  return std::make_unique<RedisSubscription>(std::move(listening));
}

}  // namespace tykpp::storage
