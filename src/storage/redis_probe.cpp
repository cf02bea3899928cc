#include "storage/redis_probe.hpp"

#include <hiredis/hiredis.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "storage/impl/redis_reply.hpp"

namespace tykpp::storage {
namespace {

using Clock = std::chrono::steady_clock;

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const noexcept { return value_; }

 private:
  int value_;
};

struct ReaderDelete {
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};
/// One connection for one check. hiredis formats and parses; the waiting is done here so that a
/// stop can end it.
class Check {
 public:
  Check(int stop, std::chrono::milliseconds timeout) : stop_(stop), timeout_(timeout) {}

  /// @return the error, empty when it went well
  std::string connect(const std::string& address);
  std::string command(const std::vector<std::string>& words);

 private:
  std::string open(const addrinfo& info);
  std::string wait(short events, Clock::time_point deadline);
  std::string readReply(Clock::time_point deadline);

  int stop_;
  std::chrono::milliseconds timeout_;
  Descriptor socket_;
  std::unique_ptr<redisReader, ReaderDelete> reader_{redisReaderCreate()};
};

std::string Check::wait(short events, Clock::time_point deadline) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return "health check timed out";
    pollfd watched[] = {{socket_.get(), events, 0}, {stop_, POLLIN, 0}};
    const int ready = ::poll(watched, 2, static_cast<int>(std::min<long long>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return std::strerror(errno);
    if (watched[1].revents != 0) return "stopped";
    if (ready > 0 && watched[0].revents != 0) return {};
  }
}

std::string Check::open(const addrinfo& info) {
  socket_ = Descriptor(::socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket_.get() < 0) return std::strerror(errno);
  if (::connect(socket_.get(), info.ai_addr, info.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return std::strerror(errno);
  if (std::string error = wait(POLLOUT, Clock::now() + timeout_); !error.empty()) return error;
  int failure = 0;
  socklen_t size = sizeof failure;
  ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
  return failure == 0 ? std::string{} : std::strerror(failure);
}

std::string Check::connect(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  const std::string port = colon == std::string::npos ? "6379" : address.substr(colon + 1);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code =
      ::getaddrinfo(host.empty() ? "127.0.0.1" : host.c_str(), port.c_str(), &hints, &found);
  if (code != 0) return address + ": " + ::gai_strerror(code);
  std::string error = "no address";
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    error = open(*info);
    if (error.empty()) break;
  }
  ::freeaddrinfo(found);
  return error.empty() ? error : address + ": " + error;
}

std::string Check::readReply(Clock::time_point deadline) {
  char buffer[4096];
  while (true) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) return reader_->errstr;
    if (raw != nullptr) {
      const std::unique_ptr<redisReply, ReplyDelete> reply(static_cast<redisReply*>(raw));
      if (reply->type != REDIS_REPLY_ERROR) return {};
      return {reply->str, reply->len};
    }
    if (std::string error = wait(POLLIN, deadline); !error.empty()) return error;
    const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (got == 0) return "connection closed by Redis";
    if (got < 0 && errno != EAGAIN && errno != EINTR) return std::strerror(errno);
    if (got > 0) redisReaderFeed(reader_.get(), buffer, static_cast<std::size_t>(got));
  }
}

std::string Check::command(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* formatted = nullptr;
  const auto size = redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), texts.data(),
                                           sizes.data());
  if (size < 0) return "the command cannot be formatted";
  const std::unique_ptr<char, void (*)(char*)> owner(formatted,
                                                     [](char* text) { redisFreeCommand(text); });
  const auto deadline = Clock::now() + timeout_;
  std::size_t sent = 0;
  while (sent < static_cast<std::size_t>(size)) {
    const ssize_t put = ::send(socket_.get(), formatted + sent,
                               static_cast<std::size_t>(size) - sent, MSG_NOSIGNAL);
    if (put > 0) {
      sent += static_cast<std::size_t>(put);
      continue;
    }
    if (put < 0 && errno != EAGAIN && errno != EINTR) return std::strerror(errno);
    if (std::string error = wait(POLLOUT, deadline); !error.empty()) return error;
  }
  return readReply(deadline);
}

}  // namespace

struct RedisProbe::State {
  RedisAddress address;
  std::chrono::nanoseconds interval;
  std::function<void(const ProbeResult&)> report;
  Descriptor stop{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::thread thread;

  void run();
  std::string check(bool write) const;
  bool sleepUntil(Clock::time_point time);
};

std::string RedisProbe::State::check(bool write) const {
  std::string error = "no address is configured";
  for (const std::string& place : address.addresses) {
    Check attempt(stop.get(), address.timeout);
    error = attempt.connect(place);
    std::vector<RedisCommand> commands = greeting(address);
    if (write) commands.push_back({"SET", "tyk-liveness-probe", "tyk-liveness-probe", "EX", "10"});
    for (std::size_t i = 0; i < commands.size() && error.empty(); ++i) {
      error = attempt.command(commands[i]);
    }
    if (error.empty()) break;
  }
  return error;
}

bool RedisProbe::State::sleepUntil(Clock::time_point time) {
  std::unique_lock lock(mutex);
  return !wake.wait_until(lock, time, [this] { return stopping; });
}

void RedisProbe::State::run() {
  auto next = Clock::now() + interval;
  std::string error = check(false);
  if (!sleepUntil(Clock::now())) return;
  report({true, std::move(error)});
  while (sleepUntil(next)) {
    next = Clock::now() + interval;
    error = check(true);
    if (!sleepUntil(Clock::now())) return;  // what a stop cut short says nothing about Redis
    report({false, std::move(error)});
  }
}

RedisProbe::RedisProbe(RedisAddress address, std::chrono::nanoseconds interval,
                       std::function<void(const ProbeResult&)> report)
    : state_(std::make_unique<State>()) {
  state_->interval = std::max<std::chrono::nanoseconds>(interval, std::chrono::milliseconds(100));
  state_->address = std::move(address);
  // A check that takes longer than the interval has failed.
  state_->address.timeout =
      std::clamp(state_->address.timeout, std::chrono::milliseconds(1),
                 std::max(std::chrono::milliseconds(1),
                          std::chrono::ceil<std::chrono::milliseconds>(state_->interval)));
  state_->report = std::move(report);
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

RedisProbe::~RedisProbe() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  const std::uint64_t one = 1;
  // An eventfd takes this 8-byte write unless its counter is full, and then it is readable already.
  [[maybe_unused]] const ssize_t written = ::write(state_->stop.get(), &one, sizeof one);
  state_->wake.notify_all();
  state_->thread.join();
}

}  // namespace tykpp::storage
