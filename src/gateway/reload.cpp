// Loading definitions into snapshots, and stopping.

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/log.hpp"
#include "gateway/gateway.hpp"
#include "gateway/plugin_files.hpp"

namespace tykpp::gateway {
namespace {

std::vector<std::shared_ptr<const definition::ApiSpec>> specsOf(const Snapshot& snapshot) {
  std::vector<std::shared_ptr<const definition::ApiSpec>> list;
  list.reserve(snapshot.apis.size());
  for (const auto& api : snapshot.apis) list.push_back(api->spec);
  return list;
}

}  // namespace

void Gateway::requestReload(std::function<void()> done) {
  bundles_->forgetFailures();
  if (done) waiting_.push_back(std::move(done));
  if (!reload_due_) scheduleReload();
}

void Gateway::scheduleReload() {
  // Reloads are at least reload_interval apart; what is asked for in between shares the next one.
  reload_due_ = true;
  reload_timer_.expires_at(std::max(Clock::now(), last_reload_ + config_.reload_interval));
  reload_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopping_) return;
    reload_due_ = false;
    reload();
  });
}

void Gateway::reload() {
  const Clock::time_point started = Clock::now();
  last_reload_ = started;
  bundles_->noteReload();
  std::vector<std::function<void()>> waiting;
  waiting.swap(waiting_);
  waiting.insert(waiting.end(), std::make_move_iterator(waiting_for_bundles_.begin()),
                 std::make_move_iterator(waiting_for_bundles_.end()));
  waiting_for_bundles_.clear();
  const auto answer = [this, waiting = std::move(waiting)] {
    // Who waits for a reload waits for the bundles that it asked for, too.
    if (bundles_->busy()) {
      waiting_for_bundles_.insert(waiting_for_bundles_.end(), waiting.begin(), waiting.end());
      return;
    }
    for (const auto& done : waiting) done();
  };
  definition::ApiList running;
  running.reserve(snapshot_->apis.size());
  for (const auto& api : snapshot_->apis) running.push_back(api->defined);
  definition::LoadResult loaded =
      directory_.load(config_.app_path, config_, loaded_once_ ? &running : nullptr);
  problems_ = std::move(loaded.problems);
  if (!loaded.readable && loaded_once_) {
    logProblems(problems_);
    answer();
    return;
  }
  TYKPP_LOG(info, "main", "Detected {} APIs", loaded.apis.size());
  BuiltSnapshot built = builder_->build(loaded.apis, loaded_once_ ? snapshot_.get() : nullptr);
  problems_.insert(problems_.end(), built.problems.begin(), built.problems.end());
  loadEventHandlers(*built.snapshot);
  identity_->loadPolicies(problems_);
  logProblems(problems_);
  loaded_once_ = true;
  const std::size_t count = built.snapshot->apis.size();
  const std::uint64_t turn = ++reload_turn_;
  // The first APIs do not wait for a store that may not answer: until then calls that need it fail.
  const bool wait = adopted_turn_ != 0;
  tls_->prepare(specsOf(*built.snapshot), wait,
                [this, turn, snapshot = built.snapshot, answer] { adopt(turn, snapshot, answer); });
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started);
  TYKPP_LOG(info, "main", "API reload complete apis={} files_read={} problems={} milliseconds={}",
            count, loaded.files_read, problems_.size(), took.count());
}

/// Puts a snapshot in force unless a later reload made another one meanwhile.
void Gateway::adopt(std::uint64_t turn, std::shared_ptr<const Snapshot> snapshot,
                    std::function<void()> answer) {
  if (turn < adopted_turn_) return openPorts(std::move(answer));
  overtaken_.push_back(std::move(answer));
  if (turn < reload_turn_) return;  // the later one answers for both
  adopted_turn_ = turn;
  std::vector<std::function<void()>> answers;
  answers.swap(overtaken_);
  publish(std::move(snapshot), [this, answers = std::move(answers)] {
    openPorts([answers] {
      for (const auto& one : answers) one();
    });
  });
  watchPluginFiles();
}

void Gateway::loadEventHandlers(const Snapshot& snapshot) {
  const definition::Problems problems = events_->load(specsOf(snapshot), *drivers_);
  problems_.insert(problems_.end(), problems.begin(), problems.end());
}

void Gateway::publish(std::shared_ptr<const Snapshot> snapshot, std::function<void()> everywhere) {
  snapshot_ = std::move(snapshot);
  const auto left = std::make_shared<std::atomic<std::size_t>>(workers_.size());
  const auto done = std::make_shared<std::function<void()>>(std::move(everywhere));
  for (const auto& worker : workers_) {
    worker->publish(snapshot_, [this, left, done] {
      if (left->fetch_sub(1) == 1) main_.post([done] { (*done)(); });
    });
  }
}

void Gateway::openPorts(std::function<void()> done) {
  tls_->refresh([this, done = std::move(done)] {
    const definition::Problems unopened = ports_->apply(*snapshot_);
    logProblems(unopened);
    problems_.insert(problems_.end(), tls_->problems().begin(), tls_->problems().end());
    problems_.insert(problems_.end(), unopened.begin(), unopened.end());
    done();
  });
}

void Gateway::bundlesChanged() {
  // Not at the pace of reloads that are asked for: those who wait for a bundle have waited enough.
  // Downloads that end together share a reload.
  bundle_timer_.expires_after(std::chrono::milliseconds(10));
  bundle_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !stopping_) reload();
  });
}

void Gateway::watchPluginFiles() {
  if (watch_ == nullptr) return;
  std::set<std::string> directories;
  for (const auto& api : snapshot_->apis) directories.merge(pluginDirectories(*api->spec, config_));
  watch_->watchPlugins(directories);
}

std::vector<std::shared_ptr<const definition::ApiSpec>> Gateway::apis() const {
  return specsOf(*snapshot_);
}

/// Of an API that is served, or of the gateway (no id); null: nobody handles any event of it.
const events::Emitter* Gateway::emitterOf(const std::string& api_id) const {
  if (api_id.empty()) return events_->gateway();
  const auto found = std::find_if(snapshot_->apis.begin(), snapshot_->apis.end(),
                                  [&](const auto& api) { return api->spec->api_id == api_id; });
  return found == snapshot_->apis.end() ? nullptr : (*found)->events.get();
}

bool Gateway::publishGroupReload() {
  // The message comes back to this node as well, but not when nobody listens for it.
  requestReload(nullptr);
  identity_->tellReload();
  return true;
}

void Gateway::logProblems(const definition::Problems& problems) const {
  constexpr std::size_t kShown = 200;
  std::size_t shown = 0;
  for (const definition::Problem& problem : problems) {
    if (++shown > kShown) {
      TYKPP_LOG(err, "main", "{} more problems are not shown", problems.size() - kShown);
      return;
    }
    const auto level =
        problem.severity == definition::Severity::kError ? spdlog::level::err : spdlog::level::warn;
    log::room("main").log(level, "{} file={} at={}", problem.reason, log::quoted(problem.file),
                          log::quoted(problem.pointer));
  }
}

void Gateway::shutDown() {
  if (stopping_) return;
  stopping_ = true;
  watch_.reset();
  probe_.reset();
  tls_->stop();
  TYKPP_LOG(info, "main", "Gracefully shutting down services...");
  for (const auto& worker : workers_) worker->drain();
  TYKPP_LOG(info, "main", "Waiting for in-flight requests to complete...");
  awaitDrained(Clock::now() + config_.graceful_shutdown_timeout_duration);
}

void Gateway::awaitDrained(Clock::time_point deadline) {
  constexpr auto kLook = std::chrono::milliseconds(20);
  std::size_t open = 0;
  for (const auto& worker : workers_) open += worker->connections();
  if (open == 0 && events_->pending() == 0 && debug_->running() == 0) {
    finish();
    return;
  }
  if (Clock::now() >= deadline) {
    if (open > 0) {
      TYKPP_LOG(warn, "main", "{} connections are cut: graceful_shutdown_timeout_duration is over",
                open);
    }
    bridge_->giveUp();
    debug_->giveUp();
    for (const auto& worker : workers_) worker->abort();
    drain_timer_.expires_after(std::chrono::milliseconds(500));
    drain_timer_.async_wait([this](const boost::system::error_code&) { finish(); });
    return;
  }
  drain_timer_.expires_after(kLook);
  drain_timer_.async_wait([this, deadline](const boost::system::error_code& error) {
    if (!error) awaitDrained(deadline);
  });
}

void Gateway::finish() {
  bridge_->giveUp();
  cache_->drain([this] {
    if (traffic_ == nullptr) return main_.stop();
    traffic_->drain([this] { main_.stop(); });
  });
}

void Gateway::writePidFile() const {
  const std::filesystem::path path(config_.pid_file_location);
  if (path.empty()) return;
  TYKPP_LOG(info, "main", "PIDFile location set to: {}", path.string());
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(path);
  file << ::getpid() << '\n';
  file.close();
  if (!file || ::chmod(path.c_str(), 0600) != 0) {
    TYKPP_LOG(err, "main", "cannot write the PID file {}: {}", path.string(), std::strerror(errno));
  }
}

}  // namespace tykpp::gateway
