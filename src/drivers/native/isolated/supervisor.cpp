#include "drivers/native/isolated/supervisor.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/log.hpp"

namespace tykpp::drivers::native::isolated {
namespace {

using std::chrono::milliseconds;

/// What a process that is needed no more gets to end by itself, and how often it is looked after.
constexpr milliseconds kEndTime{2000};
constexpr milliseconds kLook{10};
/// A process that lived so long begins with the shortest delay again.
constexpr std::chrono::seconds kHealthy{10};

}  // namespace

Supervisor::Supervisor() : bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  thread_ = std::thread([this] { run(); });
}

Supervisor::~Supervisor() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake(this);
  thread_.join();
  for (const auto& known : known_) {
    const std::shared_ptr<Host> host = known.lock();
    if (host == nullptr) continue;
    const std::lock_guard lock(host->mutex_);
    host->wake_ = nullptr;  // plugins may live longer than the driver
  }
  ::close(bell_);
}

void Supervisor::add(std::shared_ptr<Host> host) {
  {
    const std::lock_guard lock(host->mutex_);
    host->wake_ = &Supervisor::wake;
    host->waker_ = this;
  }
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(known_, [](const auto& known) { return known.expired(); });
    known_.push_back(host);
    new_.push_back(std::move(host));
  }
  wake(this);
}

std::vector<std::shared_ptr<Host>> Supervisor::hosts() const {
  std::vector<std::shared_ptr<Host>> list;
  const std::lock_guard lock(mutex_);
  for (const auto& known : known_) {
    std::shared_ptr<Host> host = known.lock();
    if (host == nullptr) continue;
    const std::lock_guard inner(host->mutex_);
    if (host->state_ != Host::State::kRetired) list.push_back(host);
  }
  return list;
}

void Supervisor::wake(void* self) {
  const std::uint64_t one = 1;
  // Full is as good as rung.
  [[maybe_unused]] const ssize_t rung =
      ::write(static_cast<Supervisor*>(self)->bell_, &one, sizeof one);
}

void Supervisor::adopt() {
  std::vector<std::shared_ptr<Host>> fresh;
  {
    const std::lock_guard lock(mutex_);
    fresh.swap(new_);
  }
  for (auto& host : fresh) {
    start(*host);
    hosts_.push_back(std::move(host));
  }
}

void Supervisor::run() {
  ::pthread_setname_np(::pthread_self(), "plugin-hosts");
  std::vector<pollfd> waiting;
  for (;;) {
    adopt();
    const Clock::time_point now = Clock::now();
    Clock::time_point next = now + std::chrono::hours(1);
    waiting.assign(1, {bell_, POLLIN, 0});
    for (const auto& host : hosts_) {
      step(*host, now);
      if (host->due_ != Clock::time_point{}) {
        next = std::min(next, host->ending_ ? now + kLook : host->due_);
      }
      const std::lock_guard lock(host->mutex_);
      const short control = host->outgoing_.empty() ? POLLIN : POLLIN | POLLOUT;
      waiting.push_back({host->control_, control, 0});
      waiting.push_back({host->output_, POLLIN, 0});
    }
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    const auto left = std::chrono::ceil<milliseconds>(next - Clock::now()).count();
    ::poll(waiting.data(), waiting.size(), static_cast<int>(std::max<long>(0, left)));
    std::uint64_t rung = 0;
    [[maybe_unused]] const ssize_t heard = ::read(bell_, &rung, sizeof rung);
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      if (waiting[2 * i + 2].revents != 0) readOutput(*hosts_[i]);
      const short control = waiting[2 * i + 1].revents;
      if ((control & POLLOUT) != 0) {
        const std::lock_guard lock(hosts_[i]->mutex_);
        hosts_[i]->flush();
      }
      if ((control & ~POLLOUT) != 0) readControl(*hosts_[i]);
    }
    std::erase_if(hosts_, [](const auto& host) {
      const std::lock_guard lock(host->mutex_);
      return host->state_ == Host::State::kRetired && host->pid_ < 0;
    });
  }
  for (const auto& host : hosts_) {
    if (host->pid_ >= 0) ::kill(host->pid_, SIGKILL);
  }
  for (const auto& host : hosts_) ended(*host);
}

void Supervisor::step(Host& host, Clock::time_point now) {
  Host::State state{};
  std::string condemned;
  {
    const std::lock_guard lock(host.mutex_);
    state = host.state_;
    condemned = std::exchange(host.condemned_, {});
    if (state == Host::State::kRetired && !host.ending_) {
      // Its socket closed, the process ends by itself; nothing of it is under way.
      host.closeSockets();
      host.ending_ = true;
      host.due_ = now + kEndTime;
    }
  }
  if (host.ending_) {
    if (host.pid_ >= 0 && now >= host.due_) ::kill(host.pid_, SIGKILL);
    if (host.pid_ >= 0 && ::waitpid(host.pid_, nullptr, WNOHANG) == host.pid_) host.pid_ = -1;
    if (host.pid_ < 0) ended(host);
    return;
  }
  if (!condemned.empty()) {
    died(host, condemned);
  } else if (state == Host::State::kStarting && now >= host.due_) {
    died(host, "it did not load its plugin within plugin_host_start_timeout_ms");
  } else if (state == Host::State::kDown && now >= host.due_) {
    start(host);
  }
}

void Supervisor::start(Host& host) {
  const Clock::time_point now = Clock::now();
  auto spawned = spawnHost(host.options_);
  if (!spawned) {
    setDown(host, spawned.error().message());
    return;
  }
  host.pid_ = spawned->pid;
  host.output_ = spawned->output;
  host.incoming_.clear();
  host.line_.clear();
  host.last_output_.clear();
  host.crashing_ = false;
  host.started_ = now;
  host.due_ = now + host.options_.start_timeout;
  host.greeted_ = false;
  std::string bytes;
  FrameWriter hello(bytes, FrameKind::kHello);
  hello.text(host.staged_);
  hello.text(host.file_);
  hello.number(host.options_.memory_limit);
  hello.number(static_cast<std::uint32_t>(host.options_.threads));
  hello.text(host.options_.gateway_version);
  hello.text(host.options_.gateway_config);
  hello.end();
  const std::lock_guard lock(host.mutex_);
  if (host.generation_ > 0) ++host.restarts_;
  host.control_ = spawned->control;
  if (host.state_ != Host::State::kRetired) host.state_ = Host::State::kStarting;
  host.send(std::move(bytes));
}

void Supervisor::died(Host& host, const std::string& why) {
  if (host.pid_ <= 0) return;
  ::kill(host.pid_, SIGKILL);  // what ended already takes no notice
  int status = 0;
  const pid_t pid = host.pid_;
  ::waitpid(pid, &status, 0);
  host.pid_ = -1;
  readOutput(host);
  if (!host.line_.empty()) writeLines(host, "\n");
  std::string reason = why;
  if (reason.empty() && WIFEXITED(status)) {
    reason = "it ended with exit status " + std::to_string(WEXITSTATUS(status));
  } else if (reason.empty()) {
    const int signal = WTERMSIG(status);
    const char* name = ::sigdescr_np(signal);
    reason = "signal " + std::to_string(signal) +
             (name != nullptr ? std::string(" (") + name + ")" : "");
  }
  for (const std::string_view mark : {"panic: ", "fatal error: ", "terminate called "}) {
    const std::size_t at = host.last_output_.find(mark);
    if (at == std::string::npos) continue;
    reason += ": " + host.last_output_.substr(at, host.last_output_.find('\n', at) - at);
    break;
  }
  if (Clock::now() - host.started_ > kHealthy) host.delay_ = milliseconds(0);
  setDown(host, reason);
  TYKPP_LOG(err, "plugin",
            "plugin host died plugin={} pid={} reason={} restarts={} next_start_ms={} output={}",
            log::quoted(host.file_), pid, log::quoted(reason), host.restarts_, host.delay_.count(),
            log::quoted(host.last_output_));
}

void Supervisor::setDown(Host& host, const std::string& why) {
  host.delay_ =
      std::min(host.delay_.count() == 0 ? host.options_.first_restart_delay : host.delay_ * 2,
               host.options_.max_restart_delay);
  host.due_ = Clock::now() + host.delay_;
  if (host.output_ >= 0) ::close(std::exchange(host.output_, -1));
  {
    const std::lock_guard lock(host.mutex_);
    host.closeSockets();
    host.error_ = why;
    if (host.state_ != Host::State::kRetired) host.state_ = Host::State::kDown;
    if (host.generation_ == 0) {
      // It never was any good: whoever loads it is told, and nobody tries again.
      host.failed_first_ = true;
      host.state_ = Host::State::kRetired;
    }
  }
  host.changed_.notify_all();
}

void Supervisor::ended(Host& host) {
  if (host.pid_ >= 0) ::waitpid(std::exchange(host.pid_, -1), nullptr, 0);
  if (host.output_ >= 0) ::close(std::exchange(host.output_, -1));
  {
    const std::lock_guard lock(host.mutex_);
    host.closeSockets();
    host.state_ = Host::State::kRetired;
    if (host.generation_ == 0) {
      host.failed_first_ = true;
      host.error_ = "the gateway is stopping";
    }
  }
  host.changed_.notify_all();
}

}  // namespace tykpp::drivers::native::isolated
