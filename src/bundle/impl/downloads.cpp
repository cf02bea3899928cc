#include "bundle/impl/downloads.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "tykpp/version.h"

namespace tykpp::bundle {
namespace {

Error unfetched(const std::string& why) {
  return {Errc::kBadPlugin, "Couldn't fetch bundle: " + why};
}

/// What another try cannot change.
bool isFinal(Errc code) {
  return code == Errc::kBadRequest || code == Errc::kBodyTooLarge || code == Errc::kHeaderTooLarge;
}

std::string headerOf(const client::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (equalsIgnoreCase(key, name)) return value;
  }
  return {};
}

bool isThere(const std::string& folder) {
  std::error_code ignored;
  return std::filesystem::is_directory(folder, ignored);
}

}  // namespace

Downloads::Downloads(const Settings& settings, client::HttpClient& client, Pace pace,
                     Installer& installer, std::shared_ptr<Mailbox> mailbox)
    : settings_(settings),
      client_(client),
      pace_(pace),
      installer_(installer),
      mailbox_(std::move(mailbox)),
      random_(std::random_device{}()) {}

void Downloads::fetch(const std::string& name, Store::Done done) {
  mailbox_->post([this, name, done = std::move(done)] { begin(name, done); });
}

std::optional<Error> Downloads::failureOf(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = failures_.find(name);
  if (found == failures_.end()) return std::nullopt;
  return found->second;
}

void Downloads::begin(const std::string& name, Store::Done done) {
  const auto [at, fresh] = downloads_.try_emplace(name);
  at->second.waiting.push_back(std::move(done));
  if (!fresh) return;
  queued_.push_back(name);
  startQueued();
}

void Downloads::startQueued() {
  while (!queued_.empty() && running_ < pace_.downloads) {
    const std::string name = std::move(queued_.front());
    queued_.pop_front();
    ++running_;
    attempt(name);
  }
}

void Downloads::attempt(const std::string& name) {
  const bool there = isThere(Places(settings_, name).current);
  if (there && !settings_.plugins.bundle_revalidate) return finish(name, Change::kNone);
  if (!settings_.plugins.enable_bundle_downloader)
    return finish(name, unfetched("Bundle downloader is disabled"));
  const auto source = locate(settings_.plugins.bundle_base_url, name);
  if (!source) return finish(name, unfetched(source.error().message()));
  ++downloads_[name].tries;
  TYKPP_LOG(info, "main", "----> Fetching Bundle: {} server_name={}", log::quoted(name),
            log::quoted(source->shown));
  if (source->kind == Source::Kind::kFile) return readFile(name, source->location);
  ask(name, *source);
}

void Downloads::readFile(const std::string& name, const std::string& path) {
  std::error_code error;
  // Nothing but a file: a FIFO would hold the thread.
  const bool regular = std::filesystem::is_regular_file(path, error);
  const std::uintmax_t size = regular ? std::filesystem::file_size(path, error) : 0;
  std::ifstream in(path, std::ios::binary);
  if (!regular || error || !in) {
    const std::string why = error ? error.message() : regular ? "can't be read" : "is no file";
    return finish(name, unfetched(path + ": " + why));
  }
  if (size > settings_.max_packed)
    return finish(name, unfetched("the bundle is longer than " +
                                  std::to_string(settings_.max_packed) + " bytes"));
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  finish(name, installer_.install(name, bytes, "", mailbox_->stopped()));
}

void Downloads::ask(const std::string& name, const Source& source) {
  client::Request request;
  request.url = source.location;
  request.headers = {{"User-Agent", std::string("tykpp/") + TYKPP_VERSION}};
  request.timeout = settings_.plugins.bundle_timeout;
  request.tls.insecure_skip_verify = settings_.plugins.bundle_insecure_skip_verify;
  request.max_body = settings_.max_packed;
  const Places places(settings_, name);
  if (isThere(places.current)) {
    const auto known = readServerVersion(places);
    if (known && !known->etag.empty()) request.headers.emplace_back("If-None-Match", known->etag);
  }
  // The mailbox is what may outlive this object; a job in it is dropped with the thread.
  client_.send(std::move(request),
               [this, name, mailbox = mailbox_](Result<client::Response> result) {
                 const auto answer = std::make_shared<Result<client::Response>>(std::move(result));
                 mailbox->post([this, name, answer] { answered(name, answer); });
               });
}

void Downloads::answered(const std::string& name, const Answer& answer) {
  if (!*answer) {
    const Error& error = answer->error();
    const Error told = unfetched("Error getting bundle: " + error.message());
    return isFinal(error.code()) ? finish(name, told) : retry(name, told);
  }
  const client::Response& response = **answer;
  if (response.status == 304 && isThere(Places(settings_, name).current))
    return finish(name, Change::kNone);
  if (response.status != 200)
    return retry(name, unfetched("HTTP Error, got status code " + std::to_string(response.status)));
  finish(name,
         installer_.install(name, response.body, headerOf(response, "ETag"), mailbox_->stopped()));
}

Clock::duration Downloads::pauseAfter(int tries) {
  const auto doubled = pace_.first_pause * (1 << std::min(tries - 1, 10));
  const auto pause = std::min<std::chrono::duration<double>>(doubled, pace_.longest_pause);
  return std::chrono::duration_cast<Clock::duration>(
      pause * std::uniform_real_distribution<double>(0.5, 1.5)(random_));
}

void Downloads::retry(const std::string& name, const Error& error) {
  const int tries = downloads_[name].tries;
  if (tries >= pace_.tries) return finish(name, error);
  TYKPP_LOG(warn, "main", "bundle is tried again: {} error={}", log::quoted(name),
            log::quoted(error.message()));
  mailbox_->post([this, name] { attempt(name); }, Clock::now() + pauseAfter(tries));
}

void Downloads::finish(const std::string& name, const Result<Change>& result) {
  auto done = downloads_.extract(name);
  --running_;
  {
    const std::lock_guard lock(mutex_);
    failures_.erase(name);
    if (!result) failures_.emplace(name, result.error());
  }
  if (!result) TYKPP_LOG(err, "main", "{} bundle={}", result.error().message(), log::quoted(name));
  for (const Store::Done& waiting : done.mapped().waiting) {
    try {
      waiting(result);
    } catch (const std::exception& error) {
      TYKPP_LOG(err, "main", "callback of a bundle threw error={}", log::quoted(error.what()));
    }
  }
  // By way of the mailbox: a queue of what fails at once must not recurse.
  mailbox_->post([this] { startQueued(); });
}

}  // namespace tykpp::bundle
