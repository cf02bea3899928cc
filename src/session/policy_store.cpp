#include "session/policy_store.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "session/impl/policy_json.hpp"

namespace tykpp::session {
namespace {

namespace fs = std::filesystem;

/// Bytes of one file. A record of ten thousand policies has about 10 MB.
constexpr std::uintmax_t kMaxFileBytes = 64U << 20;

Result<std::string> readFile(const fs::path& path) {
  std::error_code code;
  // A pipe or device is never opened: that could wait for ever.
  const fs::file_status status = fs::status(path, code);
  if (status.type() == fs::file_type::not_found) return Error(Errc::kNotFound, "does not exist");
  if (code) return Error(Errc::kIo, "cannot be examined: " + code.message());
  if (!fs::is_regular_file(status)) return Error(Errc::kIo, "is not a regular file");
  const std::uintmax_t size = fs::file_size(path, code);
  if (code || size > kMaxFileBytes) {
    return Error(Errc::kIo,
                 "is larger than the limit of " + std::to_string(kMaxFileBytes) + " bytes");
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!file.is_open() || file.bad()) return Error(Errc::kIo, "cannot be read");
  bytes.resize(static_cast<std::size_t>(file.gcount()));  // it may have been cut meanwhile
  return bytes;
}

class Load {
 public:
  explicit Load(const PolicySet* previous) : previous_(previous) {}

  void addFile(const fs::path& path) {
    const std::string file = path.string();
    const Result<std::string> text = readFile(path);
    Result<Policy> policy = text ? Policy::parse(*text) : Result<Policy>(text.error());
    if (policy && policy->effectiveId().empty()) {
      policy = Error(Errc::kBadRequest, "has neither \"id\" nor \"_id\"");
    }
    if (!policy) {
      report(file, policy.error());
      keepFile(file);
      return;
    }
    const std::string id = policy->effectiveId();
    policy->id = id;
    if (const auto twin = entries_.find(id); twin != entries_.end()) {
      problems_.push_back({definition::Severity::kWarning, file, "/id",
                           "replaces the policy \"" + id + "\" of " + twin->second.file});
    }
    entries_.insert_or_assign(id, PolicySet::Entry{std::move(*policy), file});
  }

  void addMember(const std::string& file, const std::string& id, const Json& object) {
    Result<Policy> policy = readPolicy(object);
    if (policy) {
      policy->id = id;
      entries_.insert_or_assign(id, PolicySet::Entry{std::move(*policy), file});
      return;
    }
    report(file, Error(policy.error()).at("/" + id));
    if (previous_ == nullptr) return;
    if (const auto kept = previous_->entries().find(id); kept != previous_->entries().end()) {
      entries_.insert(*kept);
    }
  }

  LoadedPolicies finish() && {
    return {std::make_shared<const PolicySet>(std::move(entries_)), std::move(problems_)};
  }

 private:
  void report(const std::string& file, const Error& error) {
    problems_.push_back({definition::Severity::kError, file, error.where(), error.message()});
  }
  /// What the file held when it could be read.
  void keepFile(const std::string& file) {
    if (previous_ == nullptr) return;
    for (const auto& [id, entry] : previous_->entries()) {
      if (entry.file == file) entries_.try_emplace(id, entry);
    }
  }

  const PolicySet* previous_;
  PolicySet::Entries entries_;
  definition::Problems problems_;
};

Result<LoadedPolicies> loadDirectory(const std::string& directory, const PolicySet* previous) {
  std::error_code code;
  std::vector<fs::path> paths;
  for (fs::directory_iterator at(directory, code), end; !code && at != end; at.increment(code)) {
    if (at->path().extension() == ".json") paths.push_back(at->path());
  }
  if (code == std::errc::no_such_file_or_directory) {
    return Error(Errc::kNotFound, "policies: " + directory + " does not exist");
  }
  if (code) return Error(Errc::kIo, "policies: " + directory + ": " + code.message());
  std::sort(paths.begin(), paths.end());
  Load load(previous);
  for (const fs::path& path : paths) load.addFile(path);
  return std::move(load).finish();
}

Result<LoadedPolicies> loadRecord(const std::string& file, const PolicySet* previous) {
  const auto failed = [&](const Error& error) {
    return Error(error.code(), "policies: " + file + " " + error.message());
  };
  const Result<std::string> text = readFile(file);
  if (!text) return failed(text.error());
  const Result<Json> document = parseDocument(*text);
  if (!document) return failed(document.error());
  if (!document->is_object()) return failed(wrongType("an object of policies", *document));
  Load load(previous);
  for (const auto& [id, object] : document->items()) load.addMember(file, id, object);
  return std::move(load).finish();
}

}  // namespace

Result<LoadedPolicies> loadPolicies(const PolicyFiles& files, const PolicySet* previous) {
  if (!files.directory.empty()) return loadDirectory(files.directory, previous);
  if (!files.record.empty()) return loadRecord(files.record, previous);
  return LoadedPolicies{std::make_shared<const PolicySet>(), {}};
}

}  // namespace tykpp::session
