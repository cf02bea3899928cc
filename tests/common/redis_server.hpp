#pragma once
// A real Redis server for tests, and sockets of the kinds it may be found behind.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace tykpp::test {

/// A socket on a free port of this machine.
class LocalSocket {
 public:
  LocalSocket() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~LocalSocket() { ::close(fd_); }
  int fd() const { return fd_; }
  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
};

inline int freePort() { return LocalSocket().port(); }
inline std::string local(int port) { return "127.0.0.1:" + std::to_string(port); }

inline bool hasRedis() { return std::system("command -v redis-server >/dev/null 2>&1") == 0; }

/// A real server without persistence; gone with the object.
class RedisServer {
 public:
  /// @param more  words of its command line; `--port 0` among them leaves only what they open
  explicit RedisServer(const std::string& password = "", int port = 0,
                       const std::vector<std::string>& more = {})
      : port_(port != 0 ? port : freePort()) {
    // Replicas write a file, and any server reads one it finds where it starts.
    std::string folder = (std::filesystem::temp_directory_path() / "tykpp-redis-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
    std::vector<std::string> words{
        "redis-server", "--port", std::to_string(port_), "--bind",  "127.0.0.1", "--save", "",
        "--appendonly", "no",     "--loglevel",          "warning", "--dir",     folder_};
    if (!password.empty()) words.insert(words.end(), {"--requirepass", password});
    words.insert(words.end(), more.begin(), more.end());
    pid_ = ::fork();
    if (pid_ == 0) {
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      ::execvp("redis-server", arguments.data());
      ::_exit(127);
    }
  }
  ~RedisServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  int port() const { return port_; }
  /// SIGSTOP: it hears but does not answer; SIGCONT.
  void signal(int number) const { ::kill(pid_, number); }

 private:
  int port_;
  std::string folder_;
  pid_t pid_ = -1;
};

/// What `redis-cli` answers, without the line's end.
inline std::string redisCli(int port, const std::string& words) {
  const std::string command = "redis-cli -p " + std::to_string(port) + " " + words + " 2>/dev/null";
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe))
    text.append(buffer, got);
  ::pclose(pipe);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace tykpp::test
