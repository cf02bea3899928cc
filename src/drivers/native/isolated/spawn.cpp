// Making a plugin host process.
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "drivers/native/isolated/supervisor.hpp"

extern char** environ;

namespace tykpp::drivers::native::isolated {
namespace {

/// What the child finds its control socket at.
constexpr int kControl = 3;
/// Descriptors are kept above those that the child's are put over.
constexpr int kAbove = 16;

Error failed(const char* what, int error) {
  return Error(Errc::kBadPlugin, std::string("the plugin host cannot be started: ") + what + ": " +
                                     std::strerror(error));
}

/// A descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(-1); }
  void reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  int get() const noexcept { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  /// Moves it out of the way of low numbers.
  void lift() { reset(::fcntl(fd_, F_DUPFD_CLOEXEC, kAbove)); }

 private:
  int fd_ = -1;
};

/// The gateway's own variables, without what opens its control API, and what runtimes want to know.
std::vector<std::string> childEnvironment(const HostOptions& options) {
  std::vector<std::string> variables;
  bool memory_given = false;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view variable(*at);
    if (variable.starts_with("TYK_GW_SECRET=") || variable.starts_with("TYK_GW_NODESECRET=") ||
        variable.starts_with("TYKPP_PLUGIN_HOST=")) {
      continue;
    }
    memory_given = memory_given || variable.starts_with("GOMEMLIMIT=");
    variables.emplace_back(variable);
  }
  variables.emplace_back("TYKPP_PLUGIN_HOST=1");
  if (options.memory_limit > 0 && !memory_given) {
    // Go's collector works harder before it meets the process' limit, which would end it.
    variables.push_back("GOMEMLIMIT=" + std::to_string(options.memory_limit / 4 * 3) + "B");
  }
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// Owns what posix_spawn wants to know.
struct Plan {
  Plan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  int descriptors(int control, int output) {
    int error = ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions, output, 2);
    if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions, control, kControl);
    if (error == 0) error = ::posix_spawn_file_actions_addclosefrom_np(&actions, kControl + 1);
    return error;
  }
  /// Signals as a new program expects them, and a group of its own: what a terminal sends the
  /// gateway is not for its children.
  void signals() {
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

}  // namespace

Result<Spawned> spawnHost(const HostOptions& options) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return failed("socketpair", errno);
  }
  Fd control(ends[0]);
  Fd their_control(ends[1]);
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("pipe", errno);
  Fd output(ends[0]);
  Fd their_output(ends[1]);
  ::fcntl(control.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  their_control.lift();
  their_output.lift();
  if (their_control.get() < 0 || their_output.get() < 0) return failed("fcntl", errno);
  Plan plan;
  if (const int error = plan.descriptors(their_control.get(), their_output.get()); error != 0) {
    return failed("posix_spawn", error);
  }
  plan.signals();
  std::vector<std::string> arguments{"tykpp",    "plugin-host",
                                     "--fd",     std::to_string(kControl),
                                     "--parent", std::to_string(::getpid())};
  std::vector<std::string> variables = childEnvironment(options);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, options.executable.c_str(), &plan.actions, &plan.attributes,
                                  pointers(arguments).data(), pointers(variables).data());
  if (error != 0) return failed("posix_spawn", error);
  return Spawned{pid, control.release(), output.release()};
}

}  // namespace tykpp::drivers::native::isolated
