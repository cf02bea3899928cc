#pragma once
// Downloads under way: tries, pauses between them, and who waits for which.

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/impl/installer.hpp"
#include "bundle/impl/side_thread.hpp"

namespace tykpp::bundle {

/// Everything but the constructor, fetch() and failureOf() runs on the thread of the mailbox, which
/// ends before this does.
class Downloads {
 public:
  /// @param disk  see Installation::place()
  Downloads(const Settings& settings, client::HttpClient& client, Pace pace, std::mutex& disk,
            std::shared_ptr<Mailbox> mailbox);
  Downloads(const Downloads&) = delete;
  Downloads& operator=(const Downloads&) = delete;

  /// Thread: any.
  void fetch(const std::string& name, Store::Done done);
  /// Why the last fetch() of the name failed. Thread: any.
  std::optional<Error> failureOf(const std::string& name) const;
  /// Forgets why other names failed. Thread: any.
  void keepOnly(const std::set<std::string>& names);

 private:
  /// The bundles of a name come one after the other: one of them in memory at a time.
  struct Download {
    std::vector<Store::Done> waiting;
    std::optional<Installation> installation;
    std::size_t bundle = 0;  ///< of the name's, the one that is asked for
    int tries = 0;           ///< of that one
    bool changed = false;    ///< one that the server has is not the one in use
    bool all = false;        ///< the others have to be had again, so that all are of now
  };
  using Answer = std::shared_ptr<Result<client::Response>>;  // bodies are large: never copied

  void begin(const std::string& name, Store::Done done);
  void startQueued();
  void attempt(const std::string& name);
  void readFile(const std::string& name, const std::string& path);
  void ask(const std::string& name, const Source& source);
  void answered(const std::string& name, const Answer& answer);
  void received(const std::string& name, std::string_view bytes, std::string etag);
  void next(const std::string& name);
  void retry(const std::string& name, const Error& error);
  void finish(const std::string& name, const Result<Change>& result);
  /// About the bundle that is asked for.
  Error unfetched(const std::string& name, const std::string& why);
  Clock::duration pauseAfter(int tries);

  const Settings& settings_;
  client::HttpClient& client_;
  const Pace pace_;
  std::mutex& disk_;
  const std::shared_ptr<Mailbox> mailbox_;
  std::map<std::string, Download> downloads_;
  std::deque<std::string> queued_;
  std::size_t running_ = 0;
  std::minstd_rand random_;

  mutable std::mutex mutex_;
  std::map<std::string, Error> failures_;  // mutex_
};

}  // namespace tykpp::bundle
