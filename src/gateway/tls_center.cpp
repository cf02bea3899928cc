#include "gateway/tls_center.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace tykpp::gateway {
namespace {

/// Other gateways change the store without a word.
constexpr auto kLookAgain = std::chrono::minutes(1);
/// The store does not answer, and there may be certificates that nobody has seen yet.
constexpr auto kTryAgain = std::chrono::seconds(2);
/// Keys asked for at once.
constexpr std::size_t kBatch = 256;

/// Ids have no slash in them.
bool maybeStored(const std::string& name) { return name.find('/') == std::string::npos; }

std::vector<std::string> storedNames(const std::set<std::string>& names) {
  std::vector<std::string> list;
  std::copy_if(names.begin(), names.end(), std::back_inserter(list), &maybeStored);
  return list;
}

}  // namespace

std::string certificateSecret(const definition::GatewayConfig& config) {
  const std::string& own = config.identity.tls.private_certificate_encoding_secret;
  return own.empty() ? config.secret : own;
}

TlsCenter::TlsCenter(Parts parts)
    : parts_(std::move(parts)),
      tls_(parts_.config.identity.tls),
      secret_(certificateSecret(parts_.config)),
      monitor_(parts_.config, parts_.emitter_of),
      again_(parts_.main.wheel(), &onTime, this) {}

void TlsCenter::setStore(storage::KeyStoreClient& client) {
  store_ = std::make_unique<certs::CertificateStore>(client, secret_);
  monitor_.setStore(client);
}

Result<void> TlsCenter::checkFiles() {
  if (!parts_.config.http_server_options.use_ssl) return {};
  const auto check = [&](const std::string& file, const std::string& key_file,
                         const char* where) -> Result<void> {
    const auto loaded = certs::Certificate::load(file, key_file, secret_);
    std::string problem;
    if (!loaded) {
      problem = loaded.error().message();
    } else if ((*loaded)->key() == nullptr) {
      problem = (*loaded)->keyProblem().empty() ? file + ": it comes without a private key"
                                                : file + ": " + (*loaded)->keyProblem();
    }
    if (problem.empty()) return {};
    return Error(Errc::kBadConfig, std::string(where) + ": " + problem);
  };
  for (const definition::CertificateFiles& files : tls_.certificates) {
    if (auto good = check(files.cert_file, files.key_file, "http_server_options.certificates");
        !good)
      return good;
  }
  for (const std::string& name : tls_.ssl_certificates) {
    if (maybeStored(name) && ::access(name.c_str(), F_OK) != 0) continue;
    if (auto good = check(name, "", "http_server_options.ssl_certificates"); !good) return good;
  }
  if (tls_.certificates.empty() && tls_.ssl_certificates.empty()) {
    TYKPP_LOG(warn, "main",
              "http_server_options.use_ssl without a certificate: clients are served with those of "
              "APIs alone");
  }
  return {};
}

void TlsCenter::refresh(std::function<void()> done) {
  waiting_.push_back(std::move(done));
  if (!running_ && !stopped_) run();
}

void TlsCenter::prepare(Specs coming, bool wait, std::function<void()> done) {
  coming_ = std::move(coming);
  std::set<std::string> missing = certificatesOfCalls(coming_);
  std::erase_if(missing, [this](const std::string& name) { return known_.contains(name); });
  bool read = false;
  std::erase_if(missing, [this, &read](const std::string& name) {
    if (maybeStored(name) && ::access(name.c_str(), F_OK) != 0) return false;
    // What is wrong with it is told at the refresh that follows every load.
    auto loaded = certs::Certificate::load(name, "", secret_);
    if (loaded) known_[name] = {"", *loaded};
    read = read || loaded;
    return true;
  });
  if (read) {
    const auto set = newSet();
    parts_.keyrings.setCertificates(set);
    for (const auto& worker : parts_.workers) worker->setCertificates(set);
  }
  if (missing.empty() || !wait) return done();
  refresh(std::move(done));
}

net::Task<Result<TlsCenter::Texts>> TlsCenter::ask(std::vector<std::string> names) {
  Texts all;
  for (std::size_t from = 0; store_ != nullptr && from < names.size(); from += kBatch) {
    const auto first = names.begin() + static_cast<std::ptrdiff_t>(from);
    const auto last =
        names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), from + kBatch));
    std::vector<std::string> part(first, last);
    Result<Texts> texts = co_await store_->getMany(std::move(part));
    if (!texts) co_return texts.error();
    std::move(texts->begin(), texts->end(), std::back_inserter(all));
  }
  all.resize(names.size());
  co_return all;
}

net::Detached TlsCenter::run() {
  running_ = true;
  serving_.swap(waiting_);
  const Specs specs = parts_.specs();
  std::set<std::string> names = namedCertificates(parts_.config, specs);
  names.merge(certificatesOfCalls(coming_));
  const std::vector<std::string> stored = storedNames(names);
  Result<Texts> texts = co_await ask(stored);
  if (stopped_) co_return;
  problems_.clear();
  store_failed_ = !texts;
  if (texts) {
    take(stored, *texts);
  } else {
    TYKPP_LOG(err, "main", "the certificate store does not answer: {}", texts.error().message());
  }
  readFiles(names);
  drop(names);
  publish(specs);
}

/// What the store says counts: what it does not have any more is gone. Where it is silent, all
/// stays as it was.
void TlsCenter::take(const std::vector<std::string>& names, const Texts& texts) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto known = known_.find(names[i]);
    if (!texts[i]) {
      if (known != known_.end() && !known->second.text.empty()) known_.erase(known);
      continue;
    }
    if (known != known_.end() && known->second.text == *texts[i]) continue;
    auto parsed = certs::Certificate::parse(*texts[i], secret_);
    if (!parsed) {
      complain(names[i], parsed.error().message());
      continue;
    }
    if (!(*parsed)->keyProblem().empty()) complain(names[i], (*parsed)->keyProblem());
    known_[names[i]] = {*texts[i], *parsed};
  }
}

void TlsCenter::readFiles(const std::set<std::string>& names) {
  const auto read = [this](const std::string& name, const std::string& file,
                           const std::string& key_file) {
    auto loaded = certs::Certificate::load(file, key_file, secret_);
    if (loaded) {
      known_[name] = {"", *loaded};
    } else {
      complain(name, loaded.error().message());
    }
  };
  for (const std::string& name : names) {
    const auto known = known_.find(name);
    if (known != known_.end() && !known->second.text.empty()) continue;  // from the store
    if (!maybeStored(name) || ::access(name.c_str(), F_OK) == 0) {
      read(name, name, "");
    } else if (known == known_.end()) {
      complain(name, store_failed_ ? "the certificate store does not answer"
                                   : "it is neither in the certificate store nor a file");
    }
  }
  for (const definition::CertificateFiles& files : tls_.certificates) {
    read(nameOf(files), files.cert_file, files.key_file);
  }
}

void TlsCenter::drop(const std::set<std::string>& names) {
  std::set<std::string> kept = names;
  for (const definition::CertificateFiles& files : tls_.certificates) kept.insert(nameOf(files));
  std::erase_if(known_, [&kept](const auto& entry) { return !kept.contains(entry.first); });
}

void TlsCenter::complain(const std::string& name, const std::string& reason) {
  const std::string shown = name.substr(0, name.find('\n'));
  TYKPP_LOG(err, "main", "certificate {}: {}", log::quoted(shown), reason);
  problems_.push_back({definition::Severity::kError, parts_.config.file, "",
                       "certificate " + shown + ": " + reason});
}

std::shared_ptr<const certs::CertificateSet> TlsCenter::newSet() {
  certs::CertificateSet::Map entries;
  for (const auto& [name, known] : known_) entries.emplace(name, known.certificate);
  return std::make_shared<const certs::CertificateSet>(std::move(entries));
}

void TlsCenter::publish(const Specs& specs) {
  const auto set = newSet();
  set_ = *set;
  BuiltTls built = buildTls({parts_.config, specs, *set, tickets_});
  built.setup.certificates = set;
  for (const definition::Problem& problem : built.problems) {
    TYKPP_LOG(err, "main", "{} file={} at={}", problem.reason, log::quoted(problem.file),
              log::quoted(problem.pointer));
  }
  problems_.insert(problems_.end(), built.problems.begin(), built.problems.end());
  parts_.keyrings.setCertificates(set);
  const auto left = std::make_shared<std::atomic<std::size_t>>(parts_.workers.size());
  for (const auto& worker : parts_.workers) {
    worker->setTls(built.setup, [this, left] {
      if (left->fetch_sub(1) == 1) parts_.main.post([this] { published(); });
    });
  }
}

void TlsCenter::published() {
  running_ = false;
  std::vector<std::function<void()>> done;
  done.swap(serving_);
  for (const auto& call : done) {
    if (call) call();
  }
  if (stopped_ || running_) return;
  monitor_.look(set_, parts_.specs(), unixSeconds());
  if (!waiting_.empty()) {
    run();
    return;
  }
  const auto now = Clock::now();
  again_.at(now + (store_failed_ ? Clock::duration(kTryAgain) : Clock::duration(kLookAgain)));
}

void TlsCenter::onTime(net::Deadline&, void* self) {
  auto* center = static_cast<TlsCenter*>(self);
  if (center->running_ || center->stopped_) return;
  if (center->store_failed_) {
    center->refresh(nullptr);
  } else {
    center->lookAgain();
  }
}

net::Detached TlsCenter::lookAgain() {
  running_ = true;
  const std::vector<std::string> stored =
      storedNames(namedCertificates(parts_.config, parts_.specs()));
  Result<Texts> texts = co_await ask(stored);
  running_ = false;
  if (stopped_) co_return;
  bool changed = !waiting_.empty();
  for (std::size_t i = 0; texts && i < stored.size(); ++i) {
    const auto known = known_.find(stored[i]);
    const bool was_stored = known != known_.end() && !known->second.text.empty();
    const auto& text = (*texts)[i];
    changed = changed || text.has_value() != was_stored || (text && known->second.text != *text);
  }
  if (changed) {
    refresh(nullptr);
  } else {
    monitor_.look(set_, parts_.specs(), unixSeconds());
    again_.after(kLookAgain);
  }
}

}  // namespace tykpp::gateway
