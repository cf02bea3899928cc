#include "drivers/native/isolated/host.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tykpp::drivers::native::isolated {
namespace {

/// Sends the front of a message, with a descriptor when it has one.
ssize_t sendPiece(int socket, const char* data, std::size_t size, int fd) {
  iovec piece{const_cast<char*>(data), size};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
  if (fd >= 0) {
    message.msg_control = space.data();
    message.msg_controllen = space.size();
    cmsghdr* const control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &fd, sizeof fd);
  }
  ssize_t sent = 0;
  do sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  return sent;
}

}  // namespace

const HookEntry* PluginTable::find(std::string_view hook) const noexcept {
  for (const HookEntry& entry : hooks) {
    if (entry.name == hook) return &entry;
  }
  return nullptr;
}

std::string PluginTable::names() const {
  std::string all;
  for (const HookEntry& entry : hooks) all += (all.empty() ? "" : ", ") + entry.name;
  return all.empty() ? "none" : all;
}

Host::Host(const HostOptions& options, std::string file, std::string staged)
    : options_(options), file_(std::move(file)), staged_(std::move(staged)) {}

Host::~Host() {
  closeSockets();
  ::unlink(staged_.c_str());
}

Result<void> Host::awaitFirst() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return failed_first_ || generation_ > 0; });
  if (failed_first_) return Error(Errc::kBadPlugin, error_);
  return {};
}

RemoteServer Host::status() const {
  const std::lock_guard lock(mutex_);
  RemoteServer server;
  server.address = file_;
  server.state = state_ == State::kReady  ? "ready"
                 : state_ == State::kDown ? "failing"
                                          : "connecting";
  if (state_ != State::kReady && generation_ > 0) server.state = "failing";
  server.error = error_;
  server.restarts = restarts_;
  return server;
}

std::uint64_t Host::announce(std::string function, std::shared_ptr<const FunctionFacts> facts) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = next_hook_++;
  const auto at = hooks_.emplace(number, Announced{std::move(function), std::move(facts)}).first;
  if (state_ == State::kReady) sendHook(number, at->second);
  return number;
}

void Host::forget(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  hooks_.erase(number);
  if (state_ != State::kReady) return;
  std::string bytes;
  FrameWriter frame(bytes, FrameKind::kForget);
  frame.number(number);
  frame.end();
  send(std::move(bytes));
}

void Host::sendHook(std::uint64_t number, const Announced& hook) {
  const FunctionFacts& facts = *hook.facts;
  std::string bytes;
  FrameWriter frame(bytes, FrameKind::kHook);
  frame.number(number);
  for (const std::string_view text :
       {std::string_view(hook.function), std::string_view(facts.hook_name),
        std::string_view(facts.api_id), std::string_view(facts.api_name),
        std::string_view(facts.org_id), std::string_view(facts.config_data),
        facts.definition != nullptr ? std::string_view(*facts.definition) : std::string_view{}}) {
    frame.text(text);
  }
  frame.flag(facts.oas_definition);
  frame.flag(facts.ignore_canonical_names);
  frame.end();
  send(std::move(bytes));
}

Result<Host::LaneSocket> Host::openLane() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kReady) {
    return Error(Errc::kPluginFailed,
                 "the plugin host is down" + (error_.empty() ? "" : ": " + error_));
  }
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Error(Errc::kPluginFailed,
                 std::string("no socket to the plugin host: ") + std::strerror(errno));
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  std::string bytes;
  FrameWriter frame(bytes, FrameKind::kLane);
  frame.end();
  send(std::move(bytes), ends[1]);
  return LaneSocket{ends[0], generation_};
}

void Host::condemn(std::uint64_t generation, std::string reason) {
  const std::lock_guard lock(mutex_);
  if (generation != generation_ || state_ != State::kReady || !condemned_.empty()) return;
  condemned_ = std::move(reason);
  ring();
}

void Host::overdue(std::uint64_t generation) {
  constexpr std::chrono::seconds kPatience{5};
  if (overdue_.fetch_add(1, std::memory_order_relaxed) + 1 < options_.threads) {
    overdue_since_.store(Clock::time_point{}, std::memory_order_relaxed);
    return;
  }
  const Clock::time_point now = Clock::now();
  const Clock::time_point since = overdue_since_.load(std::memory_order_relaxed);
  if (since == Clock::time_point{}) {
    overdue_since_.store(now, std::memory_order_relaxed);
  } else if (now - since > kPatience) {
    overdue_since_.store(Clock::time_point{}, std::memory_order_relaxed);
    condemn(generation, "all its threads are in hooks that have passed their deadlines");
  }
}

void Host::retire() {
  const std::lock_guard lock(mutex_);
  state_ = State::kRetired;
  ring();
}

void Host::send(std::string bytes, int fd) {
  outgoing_.push_back({std::move(bytes), 0, fd});
  flush();
  if (!outgoing_.empty()) ring();
}

void Host::ring() {
  if (wake_ != nullptr) wake_(waker_);
}

void Host::flush() {
  while (control_ >= 0 && !outgoing_.empty()) {
    Outgoing& first = outgoing_.front();
    const ssize_t sent = sendPiece(control_, first.bytes.data() + first.sent,
                                   first.bytes.size() - first.sent, first.fd);
    if (sent < 0) return;  // full, or dead: then the supervisor sees its end
    if (first.fd >= 0) ::close(std::exchange(first.fd, -1));
    first.sent += static_cast<std::size_t>(sent);
    if (first.sent == first.bytes.size()) outgoing_.pop_front();
  }
}

void Host::closeSockets() {
  for (const Outgoing& left : outgoing_) {
    if (left.fd >= 0) ::close(left.fd);
  }
  outgoing_.clear();
  if (control_ >= 0) ::close(std::exchange(control_, -1));
}

}  // namespace tykpp::drivers::native::isolated
