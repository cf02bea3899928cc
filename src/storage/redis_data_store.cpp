#include <hiredis/hiredis.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "storage/data_store.hpp"
#include "storage/impl/redis_reply.hpp"

namespace tykpp::storage {
namespace {

struct ContextDelete {
  void operator()(redisContext* context) const { redisFree(context); }
};
using Context = std::unique_ptr<redisContext, ContextDelete>;

timeval asTimeval(std::chrono::milliseconds time) {
  timeval value{};
  value.tv_sec = static_cast<time_t>(time.count() / 1000);
  value.tv_usec = static_cast<suseconds_t>(time.count() % 1000 * 1000);
  return value;
}

Reply send(redisContext& context, const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  return Reply(static_cast<redisReply*>(
      redisCommandArgv(&context, static_cast<int>(words.size()), texts.data(), sizes.data())));
}

std::string errorOf(const redisContext& context, const Reply& reply) {
  if (reply == nullptr) return context.errstr;
  if (reply->type == REDIS_REPLY_ERROR) return {reply->str, reply->len};
  return {};
}

Context connectTo(const RedisAddress& where, const std::string& address, std::string& error) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
  int port = 6379;
  if (colon != std::string::npos) port = std::atoi(address.c_str() + colon + 1);
  Context context(redisConnectWithTimeout(host.c_str(), port, asTimeval(where.timeout)));
  if (context == nullptr || context->err != 0) {
    error = address + ": " + (context == nullptr ? "no memory" : context->errstr);
    return nullptr;
  }
  redisSetTimeout(context.get(), asTimeval(where.timeout));
  for (const RedisCommand& words : greeting(where)) {
    error = errorOf(*context, send(*context, words));
    if (!error.empty()) return nullptr;
  }
  return context;
}

class RedisDataStore final : public DataStore {
 public:
  explicit RedisDataStore(RedisAddress address)
      : address_(std::move(address)), thread_([this] { run(); }) {}
  ~RedisDataStore() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  void set(std::string key, std::string value, std::chrono::seconds ttl, Done done) override {
    std::vector<std::string> words{"SET", std::move(key), std::move(value)};
    if (ttl.count() > 0) {
      words.emplace_back("EX");
      words.push_back(std::to_string(ttl.count()));
    }
    queue({std::move(words), std::move(done)});
  }
  void get(std::string key, Done done) override {
    queue({{"GET", std::move(key)}, std::move(done)});
  }

 private:
  struct Command {
    std::vector<std::string> words;
    Done done;
  };
  static constexpr std::size_t kMaxWaiting = 10'000;

  void queue(Command command) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() < kMaxWaiting) {
        waiting_.push_back(std::move(command));
        wake_.notify_one();
        return;
      }
    }
    command.done(Error(Errc::kForbidden, "too many calls wait for Redis"));
  }

  void run() {
    for (;;) {
      Command command;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        command = std::move(waiting_.front());
        waiting_.pop_front();
      }
      command.done(execute(command.words));
    }
  }

  /// Tries twice when the connection had been open: it may have died idle.
  Result<std::string> execute(const std::vector<std::string>& words) {
    std::string error;
    for (int turn = 0; turn < 2; ++turn) {
      const bool was_open = context_ != nullptr;
      for (std::size_t i = 0; context_ == nullptr && i < address_.addresses.size(); ++i) {
        context_ = connectTo(address_, address_.addresses[i], error);
      }
      if (context_ == nullptr) break;
      const Reply reply = send(*context_, words);
      if (reply != nullptr) return answerOf(reply);
      error = context_->errstr;
      context_ = nullptr;
      if (!was_open) break;
    }
    return Error(Errc::kIo, "Redis: " + error);
  }

  static Result<std::string> answerOf(const Reply& reply) {
    switch (reply->type) {
      case REDIS_REPLY_NIL:
        return Error(Errc::kNotFound, "no such key");
      case REDIS_REPLY_ERROR:
        return Error(Errc::kIo, "Redis: " + std::string(reply->str, reply->len));
      case REDIS_REPLY_STRING:
        return std::string(reply->str, reply->len);
      default:
        return std::string{};
    }
  }

  const RedisAddress address_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Command> waiting_;
  bool stopping_ = false;
  Context context_;  // the thread's alone
  std::thread thread_;
};

}  // namespace

std::unique_ptr<DataStore> makeRedisDataStore(RedisAddress address) {
  return std::make_unique<RedisDataStore>(std::move(address));
}

}  // namespace tykpp::storage
