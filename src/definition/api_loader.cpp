#include "definition/api_loader.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "definition/impl/definition_builder.hpp"
#include "definition/impl/file_reader.hpp"
#include "definition/impl/route_collisions.hpp"

namespace tykpp::definition {
namespace {

/// A file that changed this short a time before it was read may change again without getting
/// another stamp: the clocks of file systems tick every few milliseconds.
constexpr std::int64_t kSettleNs = 50'000'000;

constexpr std::string_view kJsonEnd = ".json";
constexpr std::string_view kOasEnd = "-oas.json";
constexpr std::string_view kMcpEnd = "-mcp.json";

struct FileEntry;

/// One directory entry as found.
struct Listed {
  std::string name;
  FileStamp stamp;
  std::string trouble;  ///< why it cannot be a definition, or empty
  FileEntry* entry = nullptr;
};

/// What is known of a definition file.
struct FileEntry {
  FileStamp stamp;
  FileStamp companion_stamp;  ///< all zero: there is none
  std::string trouble;
  bool has_sibling = false;  ///< a name with -oas or -mcp beside the file without it
  bool settled = false;      ///< equal stamps prove equal content
  bool known = false;
  bool broken = false;
  std::shared_ptr<const ApiSpec> good;  ///< the last version without errors, null for companions
  Problems problems;
  std::uint64_t seen = 0;  ///< number of the load that found the file
};

class Descriptor {
 public:
  explicit Descriptor(DIR* dir) : dir_(dir) {}
  ~Descriptor() {
    if (dir_ != nullptr) ::closedir(dir_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  DIR* get() const { return dir_; }
  int fd() const { return ::dirfd(dir_); }

 private:
  DIR* dir_;
};

Listed examine(int directory, const char* name) {
  Listed found{name, {}, {}, nullptr};
  struct stat status {};
  if (::fstatat(directory, name, &status, 0) != 0) {
    found.trouble = std::string("cannot be examined: ") + std::strerror(errno);
  } else if (S_ISDIR(status.st_mode)) {
    found.trouble = "is a directory, not a file";
  } else if (!S_ISREG(status.st_mode)) {
    found.trouble = "is not a regular file";
  } else {
    found.stamp = FileStamp::of(status);
  }
  return found;
}

std::int64_t wallClockNs() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

bool settled(const FileStamp& stamp) {
  return wallClockNs() - std::max(stamp.modified_ns, stamp.changed_ns) > kSettleNs;
}

}  // namespace

struct ApiDirectory::State {
  std::string path;
  std::unordered_map<std::string, FileEntry> files;
  std::uint64_t load_number = 0;

  // Of one load.
  const GatewayConfig* config = nullptr;
  int directory = -1;
  std::vector<Listed> listed;
  std::unordered_map<std::string_view, const Listed*>
      by_name;  ///< empty when no name can be a companion's
  std::map<std::string, Source>
      companions;  ///< read as files of their own, wanted by their siblings soon after
  std::size_t files_read = 0;

  std::string fullName(std::string_view name) const {
    std::string out = path;
    if (!out.ends_with('/')) out.push_back('/');
    return out += name;
  }

  void list(DIR* dir) {
    listed.clear();
    by_name.clear();
    companions.clear();
    bool paired = false;
    while (const dirent* entry = ::readdir(dir)) {
      const std::string_view name(entry->d_name);
      if (!name.ends_with(kJsonEnd)) continue;
      listed.push_back(examine(directory, entry->d_name));
      paired = paired || name.ends_with(kOasEnd) || name.ends_with(kMcpEnd);
    }
    std::sort(listed.begin(), listed.end(),
              [](const Listed& a, const Listed& b) { return a.name < b.name; });
    if (!paired) return;
    for (const Listed& file : listed) by_name.emplace(file.name, &file);
  }

  const Listed* find(const std::string& name) const {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  }

  /// The file that a `-oas` or `-mcp` name belongs to, or null.
  const Listed* siblingOf(const std::string& name) const {
    for (const std::string_view end : {kOasEnd, kMcpEnd}) {
      if (name.ends_with(end) && name.size() > end.size()) {
        return find(name.substr(0, name.size() - end.size()) + std::string(kJsonEnd));
      }
    }
    return nullptr;
  }

  std::string companionName(const std::string& name) const {
    return name.substr(0, name.size() - kJsonEnd.size()) + std::string(kOasEnd);
  }

  void visit(Listed& file) {
    FileEntry& entry = files[file.name];
    file.entry = &entry;
    entry.seen = load_number;
    const Listed* companion = by_name.empty() ? nullptr : find(companionName(file.name));
    const FileStamp companion_stamp = companion == nullptr ? FileStamp{} : companion->stamp;
    const bool has_sibling = !by_name.empty() && siblingOf(file.name) != nullptr;
    if (entry.known && entry.settled && entry.stamp == file.stamp &&
        entry.trouble == file.trouble && entry.companion_stamp == companion_stamp &&
        entry.has_sibling == has_sibling) {
      return;
    }
    entry.known = true;
    entry.stamp = file.stamp;
    entry.companion_stamp = companion_stamp;
    entry.trouble = file.trouble;
    entry.has_sibling = has_sibling;
    entry.settled = settled(file.stamp) && (companion == nullptr || settled(companion_stamp));
    entry.problems.clear();
    entry.problems.shrink_to_fit();
    read(file, entry);
  }

  std::optional<Source> open(const std::string& name, Report& report) {
    ++files_read;
    auto content = readFile(directory, name.c_str(), kMaxFileBytes);
    if (!content) {
      report.error("", content.error().message());
      return std::nullopt;
    }
    auto source = openSource(content->bytes, fullName(name), *config, report);
    if (!source) return std::nullopt;
    return std::move(*source);
  }

  void read(const Listed& file, FileEntry& entry) {
    Report report(fullName(file.name), entry.problems);
    std::shared_ptr<const ApiSpec> spec;
    bool is_companion = false;
    if (!file.trouble.empty()) {
      report.error("", file.trouble);
    } else if (auto source = open(file.name, report); source) {
      is_companion = entry.has_sibling && looksLikeOas(source->json);
      if (is_companion) {
        companions.insert_or_assign(file.name, std::move(*source));
      } else {
        spec = build(std::move(*source), file.name, report, entry.problems);
      }
    }
    entry.broken = report.errors() > 0;
    if (is_companion) {
      entry.good = nullptr;
    } else if (spec != nullptr &&
               !(entry.good != nullptr && entry.good->checksum == spec->checksum)) {
      entry.good = std::move(spec);
    }
    // A definition whose companion is at fault has told about that file.
    entry.broken =
        entry.broken || (spec == nullptr && entry.good != nullptr && hasError(entry.problems));
  }

  static bool hasError(const Problems& problems) {
    return std::any_of(problems.begin(), problems.end(),
                       [](const Problem& problem) { return problem.severity == Severity::kError; });
  }

  std::shared_ptr<const ApiSpec> build(Source source, const std::string& name, Report& report,
                                       Problems& problems) {
    const BuildSettings settings{*config};
    const auto shared = [](Result<ApiSpec> spec) {
      return spec ? std::make_shared<const ApiSpec>(std::move(*spec)) : nullptr;
    };
    if (looksLikeOas(source.json)) return shared(buildOas(std::move(source), settings, report));
    if (!wantsCompanion(source.json))
      return shared(buildClassic(std::move(source), settings, report));
    const std::string companion_name = companionName(name);
    Report oas_report(fullName(companion_name), problems);
    std::optional<Source> oas;
    if (auto waiting = companions.extract(companion_name); !waiting.empty()) {
      oas = std::move(waiting.mapped());
    } else {
      oas = open(companion_name, oas_report);
    }
    if (!oas) {
      report.error("/is_oas", "its OpenAPI document " + companion_name + " cannot be used");
      return nullptr;
    }
    return shared(buildPair(std::move(source), std::move(*oas), settings, report, oas_report));
  }

  void collect(LoadResult& result) {
    std::unordered_map<std::string_view, const ApiSpec*> by_id;
    by_id.reserve(listed.size());
    result.apis.reserve(listed.size());
    for (const Listed& file : listed) {
      const FileEntry& entry = *file.entry;
      for (Problem problem : entry.problems) {
        if (problem.severity == Severity::kError && entry.broken && entry.good != nullptr) {
          problem.reason += "; the last good version of the API is kept";
        }
        result.problems.push_back(std::move(problem));
      }
      if (entry.good == nullptr) continue;
      const auto [first, added] = by_id.emplace(entry.good->api_id, entry.good.get());
      if (!added) {
        result.problems.push_back({Severity::kError, fullName(file.name), "/api_id",
                                   "the API id " + entry.good->api_id + " is taken by " +
                                       first->second->file + "; this file is refused"});
        continue;
      }
      result.apis.push_back(entry.good);
    }
  }
};

ApiDirectory::ApiDirectory() : state_(std::make_unique<State>()) {}
ApiDirectory::~ApiDirectory() = default;

LoadResult ApiDirectory::load(const std::string& app_path, const GatewayConfig& config,
                              const ApiList* previous) {
  State& state = *state_;
  LoadResult result;
  if (app_path.empty()) {
    result.problems.push_back(
        {Severity::kWarning, config.file, "/app_path", "is empty: there are no API definitions"});
    return result;
  }
  const Descriptor dir(::opendir(app_path.c_str()));
  if (dir.get() == nullptr) {
    result.readable = false;
    result.problems.push_back({Severity::kError, app_path, "",
                               std::string("the directory of API definitions cannot be opened: ") +
                                   std::strerror(errno)});
    return result;
  }
  if (state.path != app_path) state.files.clear();
  state.path = app_path;
  state.config = &config;
  state.directory = dir.fd();
  state.files_read = 0;
  ++state.load_number;
  state.list(dir.get());
  for (Listed& file : state.listed) state.visit(file);
  if (state.files.size() > state.listed.size()) {
    std::erase_if(state.files,
                  [&](const auto& item) { return item.second.seen != state.load_number; });
  }
  state.collect(result);
  separateListenPaths(result.apis, previous, result.problems);
  result.files_read = state.files_read;
  state.companions.clear();
  state.config = nullptr;
  state.directory = -1;
  return result;
}

}  // namespace tykpp::definition
