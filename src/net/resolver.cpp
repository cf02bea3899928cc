#include "net/resolver.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>

#include <cstring>
#include <utility>

namespace tykpp::net {

struct Resolver::Lookup::Wait {
  Loop* loop;
  Lookup* lookup;  // null once nobody waits; the loop's thread alone reads and writes it
  std::coroutine_handle<> caller;
};

namespace {
Error failed(const std::string& why) {
  return Error(Errc::kDnsFailed, Side::kUpstream, 500, "Upstream host lookup failed")
      .withDetail(why);
}

std::shared_ptr<const Addresses> query(const std::string& host, std::string& failure) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code != 0) {  // a machine with loopback alone has no "configured" family
    hints.ai_flags = 0;
    code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  }
  if (code != 0) {
    failure = ::gai_strerror(code);
    return nullptr;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  auto addresses = std::make_shared<Addresses>();
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    Address address;
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.size = info->ai_addrlen;
    addresses->push_back(address);
  }
  return addresses;
}
}  // namespace

void Address::setPort(std::uint16_t port) noexcept {
  if (storage.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  }
}

bool parseLiteral(const std::string& host, Address& out) {
  auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    out.size = sizeof(sockaddr_in);
    return true;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
  if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    out.size = sizeof(sockaddr_in6);
    return true;
  }
  return false;
}

Resolver::Resolver(const Options& options) : options_(options) {
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { work(); });
    ::pthread_setname_np(threads_.back().native_handle(), "tykpp-dns");
  }
}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Resolver::fromCache(const std::string& host,
                         Result<std::shared_ptr<const Addresses>>& answer) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(host);
  if (found == entries_.end() || found->second.expires <= Clock::now()) return false;
  const Entry& entry = found->second;
  if (entry.addresses) {
    answer = entry.addresses;
  } else {
    answer = failed(entry.failure);
  }
  return true;
}

bool Resolver::Lookup::await_ready() { return resolver_.fromCache(host_, answer_); }

void Resolver::Lookup::await_suspend(std::coroutine_handle<> caller) {
  wait_ = std::make_shared<Wait>(Wait{&loop_, this, caller});
  resolver_.ask(host_, wait_);
}

void Resolver::Lookup::abandon(Errc reason) {
  if (!wait_ || wait_->lookup == nullptr) return;
  wait_->lookup = nullptr;
  answer_ = Error(reason, Side::kUpstream, 504, "name lookup was given up");
  wait_->caller.resume();
}

void Resolver::Lookup::abandonQuietly() noexcept {
  if (wait_) wait_->lookup = nullptr;
}

void Resolver::ask(const std::string& host, std::shared_ptr<Lookup::Wait> wait) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= options_.max_names && !entries_.contains(host)) {
    std::erase_if(entries_, [](const auto& item) { return !item.second.asked; });
  }
  Entry& entry = entries_[host];
  if (!entry.asked && queue_.size() >= options_.max_queue) {
    wait->loop->post([wait] {
      if (wait->lookup == nullptr) return;
      Lookup* lookup = std::exchange(wait->lookup, nullptr);
      lookup->answer_ = failed("too many name lookups are waiting");
      wait->caller.resume();
    });
    return;
  }
  entry.waiting.push_back(std::move(wait));
  if (!std::exchange(entry.asked, true)) {
    queue_.push_back(host);
    wake_.notify_one();
  }
}

void Resolver::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const std::string host = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    std::string failure;
    std::shared_ptr<const Addresses> addresses = query(host, failure);
    lock.lock();
    Entry& entry = entries_[host];
    entry.asked = false;
    entry.addresses = addresses;
    entry.failure = failure;
    const auto ttl = addresses ? options_.ttl : options_.failure_ttl;
    entry.expires = ttl.count() < 0 ? Clock::time_point::max() : Clock::now() + ttl;
    for (std::shared_ptr<Lookup::Wait>& wait : entry.waiting) {
      Loop* loop = wait->loop;
      loop->post([wait = std::move(wait), addresses, failure] {
        if (wait->lookup == nullptr) return;
        Lookup* lookup = std::exchange(wait->lookup, nullptr);
        if (addresses) {
          lookup->answer_ = addresses;
        } else {
          lookup->answer_ = failed(failure);
        }
        wait->caller.resume();
      });
    }
    entry.waiting.clear();
  }
}

}  // namespace tykpp::net
