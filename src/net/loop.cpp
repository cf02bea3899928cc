#include "net/loop.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <system_error>

#include "base/log.hpp"
#include "net/socket.hpp"

namespace tykpp::net {
namespace {
constexpr int kEventsPerRound = 128;
/// So many events at once: more have probably come meanwhile.
constexpr int kBusyRound = 4;
constexpr int kTurnsWhileBusy = 8;

int makeSet() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}
}  // namespace

Loop::Loop()
    : io_(1),
      work_(boost::asio::make_work_guard(io_)),
      set_(io_, makeSet()),
      timer_(io_),
      wheel_(Clock::now()) {
  armSet();
}

Loop::~Loop() = default;

void Loop::run() {
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception& error) {
      TYKPP_LOG(err, "main", "an exception reached the event loop: {}", error.what());
    }
  }
}

void Loop::stop() { io_.stop(); }

void Loop::post(std::function<void()> function) {
  boost::asio::post(io_, [this, function = std::move(function)] {
    wheel_.setNow(Clock::now());
    function();
    armTimer();
  });
}

void Loop::resumeLater(std::coroutine_handle<> coroutine) {
  later_.push_back(coroutine);
  if (later_.size() > 1) return;
  boost::asio::post(io_, [this] {
    // Those that yield again while they run wait for the next turn, behind the events that came
    // meanwhile.
    std::vector<std::coroutine_handle<>> ready;
    ready.swap(later_);
    wheel_.setNow(Clock::now());
    for (const std::coroutine_handle<> waiting : ready) waiting.resume();
    armTimer();
  });
}

Registration* Loop::watch(int fd, Socket& socket) {
  if (free_.empty()) {
    all_.push_back(std::make_unique<Registration>());
    free_.push_back(all_.back().get());
  }
  Registration* registration = free_.back();
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = registration;
  if (::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0) return nullptr;
  free_.pop_back();
  registration->socket = &socket;
  return registration;
}

void Loop::unwatch(Registration* registration) noexcept {
  registration->socket = nullptr;
  buried_.push_back(registration);
}

void Loop::armSet() {
  set_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                  [this](const boost::system::error_code& error) {
                    if (error) return;
                    round();
                    armSet();
                  });
}

/// Handles what is ready now. @return how many events there were
int Loop::takeEvents() {
  std::array<epoll_event, kEventsPerRound> events;
  const int count = ::epoll_wait(set_.native_handle(), events.data(), kEventsPerRound, 0);
  wheel_.setNow(Clock::now());
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto* registration = static_cast<Registration*>(event.data.ptr);
    if (registration->socket != nullptr) registration->socket->onEvents(event.events);
  }
  free_.insert(free_.end(), buried_.begin(), buried_.end());
  buried_.clear();
  return count;
}

bool Loop::poll(std::chrono::microseconds most) {
  const Clock::time_point until = Clock::now() + most;
  int count = 0;
  do {
    count = takeEvents();
  } while (count <= 0 && wheel_.now() < until && later_.empty());
  armTimer();
  return count > 0;
}

void Loop::round() {
  int count = 0;
  int turns = 0;
  do {
    count = takeEvents();
    // While sockets keep coming in numbers, the way back through Asio's own wait is saved; its
    // timers and posts still get their turn within a few rounds.
  } while (count >= kBusyRound && ++turns < kTurnsWhileBusy && later_.empty());
  armTimer();
}

void Loop::armTimer() {
  if (wheel_.takeEarlier()) startTimer();
}

void Loop::startTimer() {
  timer_.expires_at(wheel_.next());  // cancels the wait for a later tick
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    wheel_.setNow(Clock::now());
    wheel_.advance();
    wheel_.takeEarlier();
    if (wheel_.next() != Clock::time_point::max()) startTimer();
  });
}

}  // namespace tykpp::net
