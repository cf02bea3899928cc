#pragma once
// The directory of API definitions (`app_path`). Enters a path, leaves ApiSpec values and problems;
// files that did not change since the last load are not read again. Thread: main.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "definition/api_spec.hpp"
#include "definition/gateway_config.hpp"
#include "definition/problem.hpp"

namespace tykpp::definition {

using ApiList = std::vector<std::shared_ptr<const ApiSpec>>;

/// What a load of the directory gave.
struct LoadResult {
  ApiList apis;                ///< in the lexical order of their files
  Problems problems;           ///< of every file, unchanged broken ones included
  bool readable = true;        ///< false: the directory could not be read; keep what is running
  std::size_t files_read = 0;  ///< files whose content was read, the rest was known
};

/// Remembers every file's content by its stamp (modification and change time, size, inode). Not
/// thread safe.
class ApiDirectory {
 public:
  /// Definitions above this many bytes are refused.
  static constexpr std::size_t kMaxFileBytes = 16 * 1024 * 1024;

  ApiDirectory();
  ~ApiDirectory();
  ApiDirectory(const ApiDirectory&) = delete;
  ApiDirectory& operator=(const ApiDirectory&) = delete;

  /// Loads every definition of `app_path`. A file that became unreadable or wrong keeps the last
  /// good version of its API. Two APIs that want the same domain and listen path: the one that runs
  /// with it keeps it, every other one gets
  /// `<path>-<api_id>`.
  /// @param previous  the APIs that are running, null at start
  LoadResult load(const std::string& app_path, const GatewayConfig& config,
                  const ApiList* previous);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tykpp::definition
