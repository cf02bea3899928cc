#include "client/impl/engine.hpp"

#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <utility>

#include "base/log.hpp"

namespace tykpp::client {
namespace {

/// How often calls that wait are looked at for their deadline.
constexpr std::chrono::milliseconds kExpiryTick{50};

void initLibrary() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (once != CURLE_OK)
    TYKPP_LOG(err, "client", "libcurl does not start error={}", curl_easy_strerror(once));
}

/// A thread without signals: those are the main thread's, and SIGPIPE of a dead connection
/// nobody's.
template <class Body>
std::thread startQuietThread(Body body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_setname_np(thread.native_handle(), "tykpp-client");
  return thread;
}

}  // namespace

HttpClient::Engine::Engine(Limits limits) : limits_(limits) {
  initLibrary();
  // libcurl's own tool reads it, the library does not; operators of Go services rely on it.
  if (const char* file = ::getenv("SSL_CERT_FILE"); file != nullptr) ca_file_ = file;
  multi_.reset(curl_multi_init());
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(limits_.transfers));
  thread_ = startQuietThread([this] { run(); });
}

HttpClient::Engine::~Engine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_.get());
  thread_.join();
  for (const auto& [easy, transfer] : running_) curl_multi_remove_handle(multi_.get(), easy);
}

void HttpClient::Engine::send(Request request, Done done) {
  auto transfer =
      std::make_unique<Transfer>(std::move(request), std::move(done), limits_.head_bytes);
  {
    const std::lock_guard lock(mutex_);
    const bool full = queued_ >= limits_.queued + limits_.transfers;
    if (!full) ++queued_;
    (full ? refused_ : inbox_).push_back(std::move(transfer));
  }
  curl_multi_wakeup(multi_.get());
}

void HttpClient::Engine::run() {
  while (collect()) {
    expireWaiting();
    int active = 0;
    curl_multi_perform(multi_.get(), &active);
    takeFinished();
    startWaiting();  // last, into the places that came free; poll() returns at once for new ones
    // What waits has a deadline that libcurl knows nothing of.
    const auto pause = waiting_.empty() ? std::chrono::minutes(1) : kExpiryTick;
    curl_multi_poll(multi_.get(), nullptr, 0,
                    static_cast<int>(std::chrono::milliseconds(pause).count()), nullptr);
  }
}

bool HttpClient::Engine::collect() {
  std::deque<std::unique_ptr<Transfer>> refused;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    for (auto& transfer : inbox_) waiting_.push_back(std::move(transfer));
    inbox_.clear();
    refused.swap(refused_);
  }
  for (const auto& transfer : refused)
    transfer->fail({Errc::kForbidden, "too many HTTP calls are waiting"});
  return true;
}

void HttpClient::Engine::leave(std::size_t count) {
  const std::lock_guard lock(mutex_);
  queued_ -= count;
}

void HttpClient::Engine::expireWaiting() {
  const Clock::time_point now = Clock::now();
  if (now < next_expiry_) return;
  next_expiry_ = now + kExpiryTick;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (now < (*at)->deadline()) {
      ++at;
      continue;
    }
    const std::unique_ptr<Transfer> late = std::move(*at);
    at = waiting_.erase(at);
    leave(1);
    late->fail({Errc::kTimeout, Side::kUpstream, 504, "the call timed out before it began"});
  }
}

void HttpClient::Engine::startWaiting() {
  while (!waiting_.empty() && running_.size() < limits_.transfers) {
    std::unique_ptr<Transfer> next = std::move(waiting_.front());
    waiting_.pop_front();
    start(std::move(next));
  }
}

void HttpClient::Engine::start(std::unique_ptr<Transfer> transfer) {
  if (auto ready = transfer->prepare(ca_file_); !ready) {
    leave(1);
    return transfer->fail(std::move(ready).error());
  }
  CURL* easy = transfer->handle();
  if (const CURLMcode added = curl_multi_add_handle(multi_.get(), easy); added != CURLM_OK) {
    leave(1);
    return transfer->fail({Errc::kInternal, curl_multi_strerror(added)});
  }
  running_.emplace(easy, std::move(transfer));
}

void HttpClient::Engine::takeFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
  }
}

void HttpClient::Engine::finish(CURL* easy, CURLcode code) {
  curl_multi_remove_handle(multi_.get(), easy);
  const auto found = running_.find(easy);
  std::unique_ptr<Transfer> transfer = std::move(found->second);
  running_.erase(found);
  if (code == CURLE_OK) {
    const Result<bool> redirected = transfer->redirected();
    if (redirected && *redirected) return start(std::move(transfer));
    if (!redirected) {
      leave(1);
      return transfer->fail(redirected.error());
    }
  }
  leave(1);
  transfer->finish(code);
}

}  // namespace tykpp::client
