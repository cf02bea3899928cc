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

}  // namespace

Downloads::Downloads(const Settings& settings, client::HttpClient& client, Pace pace,
                     std::mutex& disk, std::shared_ptr<Mailbox> mailbox)
    : settings_(settings),
      client_(client),
      pace_(pace),
      disk_(disk),
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

void Downloads::keepOnly(const std::set<std::string>& names) {
  const std::lock_guard lock(mutex_);
  std::erase_if(failures_, [&](const auto& failure) { return !names.contains(failure.first); });
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

Error Downloads::unfetched(const std::string& name, const std::string& why) {
  const Download& download = downloads_.at(name);
  return toldOf("Couldn't fetch bundle", download.installation->places().bundles[download.bundle],
                why);
}

void Downloads::attempt(const std::string& name) {
  Download& download = downloads_.at(name);
  if (!download.installation) download.installation.emplace(settings_, name);
  const Places& places = download.installation->places();
  if (places.bundles.empty()) {
    const std::string why = definition::bundleNames(name).error().message();
    return finish(name, Error(Errc::kBadPlugin, "Couldn't fetch bundle: the name " + why));
  }
  if (!settings_.plugins.bundle_revalidate && places.filled()) return finish(name, Change::kNone);
  if (!settings_.plugins.enable_bundle_downloader)
    return finish(name, unfetched(name, "Bundle downloader is disabled"));
  const std::string& bundle = places.bundles[download.bundle].name;
  const auto source = locate(settings_.plugins.bundle_base_url, bundle);
  if (!source) return finish(name, unfetched(name, source.error().message()));
  ++download.tries;
  TYKPP_LOG(info, "main", "----> Fetching Bundle: {} server_name={}", log::quoted(bundle),
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
    return finish(name, unfetched(name, path + ": " + why));
  }
  if (size > settings_.max_packed)
    return finish(name, unfetched(name, "the bundle is longer than " +
                                            std::to_string(settings_.max_packed) + " bytes"));
  std::string bytes(size, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  received(name, bytes, "");
}

void Downloads::ask(const std::string& name, const Source& source) {
  const Download& download = downloads_.at(name);
  client::Request request;
  request.url = source.location;
  request.headers = {{"User-Agent", std::string("tykpp/") + TYKPP_VERSION}};
  request.timeout = settings_.plugins.bundle_timeout;
  request.tls.insecure_skip_verify = settings_.plugins.bundle_insecure_skip_verify;
  request.max_body = settings_.max_packed;
  const std::string& etag = download.installation->known(download.bundle).etag;
  if (!etag.empty() && !download.all) request.headers.emplace_back("If-None-Match", etag);
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
    const Error told = unfetched(name, "Error getting bundle: " + error.message());
    return isFinal(error.code()) ? finish(name, told) : retry(name, told);
  }
  const client::Response& response = **answer;
  const Download& download = downloads_.at(name);
  const bool asked = !download.all && !download.installation->known(download.bundle).etag.empty();
  if (response.status == 304 && asked) return next(name);
  if (response.status != 200)
    return retry(name,
                 unfetched(name, "HTTP Error, got status code " + std::to_string(response.status)));
  received(name, response.body, headerOf(response, "ETag"));
}

void Downloads::received(const std::string& name, std::string_view bytes, std::string etag) {
  Download& download = downloads_.at(name);
  Installation& installation = *download.installation;
  if (!download.all && installation.same(download.bundle, bytes)) return next(name);
  const auto added = installation.add(download.bundle, bytes, std::move(etag), mailbox_->stopped());
  if (!added) return finish(name, added.error());
  download.changed = true;
  next(name);
}

void Downloads::next(const std::string& name) {
  Download& download = downloads_.at(name);
  Installation& installation = *download.installation;
  const std::size_t count = installation.places().bundles.size();
  const auto skipThoseThere = [&] {
    while (download.bundle < count && installation.has(download.bundle)) ++download.bundle;
  };
  download.tries = 0;
  ++download.bundle;
  skipThoseThere();
  if (download.bundle == count && download.changed && !download.all) {
    // Those that did not change: what is in use may be an older set, after a rollback.
    download.all = true;
    download.bundle = 0;
    skipThoseThere();
  }
  // By way of the mailbox: many files that are there at once must not recurse.
  if (download.bundle < count) return mailbox_->post([this, name] { attempt(name); });
  if (!download.changed) return finish(name, Change::kNone);
  if (auto placed = installation.place(disk_); !placed) return finish(name, placed.error());
  finish(name, Change::kNew);
}

Clock::duration Downloads::pauseAfter(int tries) {
  const auto doubled = pace_.first_pause * (1 << std::min(tries - 1, 10));
  const auto pause = std::min<std::chrono::duration<double>>(doubled, pace_.longest_pause);
  return std::chrono::duration_cast<Clock::duration>(
      pause * std::uniform_real_distribution<double>(0.5, 1.5)(random_));
}

void Downloads::retry(const std::string& name, const Error& error) {
  const int tries = downloads_.at(name).tries;
  if (tries >= pace_.tries) return finish(name, error);
  TYKPP_LOG(warn, "main", "bundle is tried again: {} error={}", log::quoted(name),
            log::quoted(error.message()));
  mailbox_->post([this, name] { attempt(name); }, Clock::now() + pauseAfter(tries));
}

void Downloads::finish(const std::string& name, const Result<Change>& result) {
  auto done = downloads_.extract(name);
  done.mapped().installation.reset();  // what was unpacked and not placed goes before anybody knows
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
