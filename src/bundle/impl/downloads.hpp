#pragma once
// Downloads under way: tries, pauses between them, and who waits for which.

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "bundle/impl/installer.hpp"
#include "bundle/impl/side_thread.hpp"

namespace tykpp::bundle {

/// Everything but the constructor, fetch() and failureOf() runs on the thread of the mailbox, which
/// ends before this does.
class Downloads {
 public:
  Downloads(const Settings& settings, client::HttpClient& client, Pace pace, Installer& installer,
            std::shared_ptr<Mailbox> mailbox);
  Downloads(const Downloads&) = delete;
  Downloads& operator=(const Downloads&) = delete;

  /// Thread: any.
  void fetch(const std::string& name, Store::Done done);
  /// Why the last fetch() of the name failed. Thread: any.
  std::optional<Error> failureOf(const std::string& name) const;

 private:
  struct Download {
    std::vector<Store::Done> waiting;
    int tries = 0;
  };
  using Answer = std::shared_ptr<Result<client::Response>>;  // bodies are large: never copied

  void begin(const std::string& name, Store::Done done);
  void startQueued();
  void attempt(const std::string& name);
  void readFile(const std::string& name, const std::string& path);
  void ask(const std::string& name, const Source& source);
  void answered(const std::string& name, const Answer& answer);
  void retry(const std::string& name, const Error& error);
  void finish(const std::string& name, const Result<Change>& result);
  Clock::duration pauseAfter(int tries);

  const Settings& settings_;
  client::HttpClient& client_;
  const Pace pace_;
  Installer& installer_;
  const std::shared_ptr<Mailbox> mailbox_;
  std::map<std::string, Download> downloads_;
  std::deque<std::string> queued_;
  std::size_t running_ = 0;
  std::minstd_rand random_;

  mutable std::mutex mutex_;
  std::map<std::string, Error> failures_;  // mutex_
};

}  // namespace tykpp::bundle
