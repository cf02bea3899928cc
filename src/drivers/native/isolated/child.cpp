#include "drivers/native/isolated/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <thread>

#include "drivers/native/impl/host_api.hpp"
#include "drivers/native/impl/shared_object.hpp"
#include "drivers/native/isolated/child_lane.hpp"
#include "drivers/native/isolated/frame.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TYKPP_SANITIZED 1
#endif

namespace tykpp::drivers::native::isolated {
namespace {

/// Log lines that may wait for the gateway; more are dropped.
constexpr std::size_t kMaxLogBytes = 1U << 20;
/// What a call may wait for the announcement of its hook.
constexpr std::chrono::seconds kHookTime{10};

/// Deferred calls of the process that may wait: the gateway bounds them first.
constexpr std::size_t kMaxPending = 1U << 20;

/// A limit on data, not on address space: Go and sanitizers reserve far more than they use.
void limitMemory([[maybe_unused]] std::int64_t bytes) {
#ifndef TYKPP_SANITIZED
  if (bytes <= 0) return;
  rlimit limit{};
  ::getrlimit(RLIMIT_DATA, &limit);
  limit.rlim_cur = static_cast<rlim_t>(bytes);
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < limit.rlim_cur) return;
  limit.rlim_max = limit.rlim_cur;
  ::setrlimit(RLIMIT_DATA, &limit);
#endif
}

class Child final : public ChildHooks {
 public:
  explicit Child(int control)
      : control_(control), bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  int serve();
  std::shared_ptr<ChildHook> hook(std::uint64_t number) override;
  void log(tykpp_call_host* call, std::int32_t level, std::string_view text);

 private:
  bool receive();
  bool takeFrames();
  bool take(const Frame& frame);
  bool load(FrameReader frame);
  void refuse(const std::string& why);
  void announce(FrameReader frame);
  void openLane();
  std::shared_ptr<const std::string> shared(std::string_view definition);
  void send(std::string_view bytes, bool droppable);
  void flush();

  const int control_;
  const int bell_;
  std::string input_;
  std::deque<int> descriptors_;  // came with lane frames
  std::shared_ptr<const SharedObject> object_;
  std::optional<ChildPool> pool_;
  std::weak_ptr<const std::string> last_definition_;
  bool refused_ = false;

  std::mutex hooks_mutex_;
  std::condition_variable hooks_changed_;
  std::map<std::uint64_t, std::shared_ptr<ChildHook>> hooks_;
  std::uint64_t newest_ = 0;  // of the hooks that were announced

  std::mutex out_mutex_;
  std::string out_;
};

/// The one of the process; plugins' threads log until its end.
Child* the_child = nullptr;

int Child::serve() {
  for (;;) {
    std::array<pollfd, 2> waiting{{{control_, POLLIN, 0}, {bell_, POLLIN, 0}}};
    {
      const std::lock_guard lock(out_mutex_);
      if (!out_.empty()) waiting[0].events |= POLLOUT;
    }
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return 1;
    if ((waiting[0].revents & POLLOUT) != 0) {
      const std::lock_guard lock(out_mutex_);
      flush();
    }
    std::uint64_t rung = 0;
    [[maybe_unused]] const ssize_t heard = ::read(bell_, &rung, sizeof rung);
    if ((waiting[0].revents & ~POLLOUT) != 0 && !receive()) return 1;
    if (refused_) {
      const std::lock_guard lock(out_mutex_);
      ::fcntl(control_, F_SETFL, 0);
      flush();
      return 1;
    }
  }
}

bool Child::receive() {
  std::array<char, 65536> buffer;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 8)> space{};
  iovec piece{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  const ssize_t got = ::recvmsg(control_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  // The gateway is done with this process, or gone. Threads of the plugin run still: no
  // destructors.
  if (got == 0) ::_exit(0);
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t i = 0; CMSG_LEN(sizeof(int) * (i + 1)) <= at->cmsg_len; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(at) + i * sizeof fd, sizeof fd);
      descriptors_.push_back(fd);
    }
  }
  input_.append(buffer.data(), static_cast<std::size_t>(got));
  return takeFrames();
}

bool Child::takeFrames() {
  return takeEach(input_, kTrustedFrame, [this](const Frame& frame) { return take(frame); });
}

bool Child::take(const Frame& frame) {
  FrameReader body(frame.body);
  switch (frame.kind) {
    case FrameKind::kHello:
      return load(body);
    case FrameKind::kHook:
      announce(body);
      return true;
    case FrameKind::kForget: {
      const std::lock_guard lock(hooks_mutex_);
      hooks_.erase(body.number<std::uint64_t>());
      return true;
    }
    case FrameKind::kLane:
      openLane();
      return true;
    default:
      return false;
  }
}

bool Child::load(FrameReader frame) {
  const std::string staged(frame.text());
  const std::string file(frame.text());
  const auto memory = frame.number<std::int64_t>();
  const auto threads = frame.number<std::uint32_t>();
  const std::string version(frame.text());
  const std::string config(frame.text());
  if (!frame.done() || object_ != nullptr) return false;
  setGatewayTexts(version, config);
  pool_.emplace(threads);
  limitMemory(memory);
  auto object = openStaged(staged, file, "");
  if (!object) {
    refuse(object.error().message());
    return true;
  }
  object_ = *object;
  std::string bytes;
  FrameWriter ready(bytes, FrameKind::kReady);
  ready.text(object_->info->name != nullptr ? object_->info->name : "");
  ready.number(static_cast<std::uint32_t>(object_->info->hook_count));
  for (std::size_t i = 0; i < object_->info->hook_count; ++i) {
    const tykpp_hook_plugin& entry = object_->at(i);
    ready.text(entry.name);
    ready.number(entry.places);
    ready.number(entry.flags);
  }
  ready.end();
  send(bytes, false);
  return true;
}

void Child::refuse(const std::string& why) {
  std::string bytes;
  FrameWriter failed(bytes, FrameKind::kFailed);
  failed.text(why);
  failed.end();
  send(bytes, false);
  refused_ = true;
}

/// Hooks of an API share its definition's text; they are announced one behind another.
std::shared_ptr<const std::string> Child::shared(std::string_view definition) {
  std::shared_ptr<const std::string> text = last_definition_.lock();
  if (text == nullptr || *text != definition) {
    text = std::make_shared<const std::string>(definition);
    last_definition_ = text;
  }
  return text;
}

void Child::announce(FrameReader frame) {
  const auto number = frame.number<std::uint64_t>();
  const std::string function(frame.text());
  FunctionFacts facts;
  for (std::string* text :
       {&facts.hook_name, &facts.api_id, &facts.api_name, &facts.org_id, &facts.config_data}) {
    *text = frame.text();
  }
  facts.definition = shared(frame.text());
  facts.oas_definition = frame.flag();
  facts.ignore_canonical_names = frame.flag();
  facts.max_pending = kMaxPending;
  facts.state_owner = object_.get();
  auto hook = std::make_shared<ChildHook>();
  if (const tykpp_hook_plugin* entry = object_ != nullptr ? object_->find(function) : nullptr) {
    facts.reads_body = (entry->flags & TYKPP_HOOK_BODY) != 0;
    facts.plugin = object_->info->name != nullptr ? object_->info->name : "";
    hook->function = entry->function;
    hook->facts = std::make_shared<const FunctionFacts>(std::move(facts));
  } else {
    hook = nullptr;
  }
  {
    const std::lock_guard lock(hooks_mutex_);
    if (hook != nullptr) hooks_[number] = std::move(hook);
    newest_ = std::max(newest_, number);
  }
  hooks_changed_.notify_all();
}

std::shared_ptr<ChildHook> Child::hook(std::uint64_t number) {
  std::unique_lock lock(hooks_mutex_);
  hooks_changed_.wait_for(lock, kHookTime,
                          [&] { return hooks_.contains(number) || newest_ >= number; });
  const auto found = hooks_.find(number);
  return found != hooks_.end() ? found->second : nullptr;
}

void Child::openLane() {
  if (descriptors_.empty()) return;
  const int fd = descriptors_.front();
  descriptors_.pop_front();
  auto lane = std::make_shared<ChildLane>(fd, *this, *pool_);
  std::thread([lane = std::move(lane)] {
    ::pthread_setname_np(::pthread_self(), "calls");
    lane->serve();
  }).detach();
}

void Child::log(tykpp_call_host* call, std::int32_t level, std::string_view text) {
  const bool in_call = call != nullptr && call->facts != nullptr;
  std::string bytes;
  FrameWriter line(bytes, FrameKind::kLog);
  line.number(level);
  line.flag(in_call);
  line.number(in_call && call->exchange != nullptr ? call->exchange->requestId()
                                                   : std::uint64_t{0});
  line.text(in_call ? std::string_view(call->facts->hook_name) : std::string_view{});
  line.text(in_call ? std::string_view(call->facts->api_id) : std::string_view{});
  line.text(text);
  line.end();
  send(bytes, true);
}

void Child::send(std::string_view bytes, bool droppable) {
  const std::lock_guard lock(out_mutex_);
  if (droppable && out_.size() > kMaxLogBytes) return;
  out_.append(bytes);
  flush();
  if (out_.empty()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t rung = ::write(bell_, &one, sizeof one);
}

void Child::flush() {
  while (!out_.empty()) {
    const int wait = refused_ ? 0 : MSG_DONTWAIT;
    const ssize_t sent = ::send(control_, out_.data(), out_.size(), MSG_NOSIGNAL | wait);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return;
    out_.erase(0, static_cast<std::size_t>(sent));
  }
}

}  // namespace

int serveChild(int control, int parent) {
  // Whatever becomes of the gateway, this process does not outlive it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) return 1;
  ::fcntl(control, F_SETFD, FD_CLOEXEC);
  ::signal(SIGPIPE, SIG_IGN);
  the_child = new Child(control);  // never freed: plugins' threads use it until the end
  log_sink.store([](tykpp_call_host* call, std::int32_t level, std::string_view text) {
    the_child->log(call, level, text);
  });
  const int code = the_child->serve();
  ::_exit(code);
}

}  // namespace tykpp::drivers::native::isolated
