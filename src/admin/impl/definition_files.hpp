#pragma once
// The files behind the API calls: written whole or not at all, in `app_path` alone.

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::definition {
struct ApiSpec;
struct GatewayConfig;
}  // namespace tykpp::definition

namespace tykpp::admin {

class DefinitionFiles {
 public:
  explicit DefinitionFiles(const definition::GatewayConfig& config);

  /// The directory, absolute when the working directory is known.
  const std::string& directory() const noexcept { return directory_; }
  /// Without `.json`: `<api_id>`, or the name of the file in `app_path` that the API was loaded
  /// from, so that a change does not leave two files with one id. @param loaded  may be null
  std::string stem(const std::string& api_id, const definition::ApiSpec* loaded) const;
  /// Whether an id would write over the companion of another API (`x-oas` beside `x.json`).
  bool wouldReplaceCompanion(const std::string& api_id) const;

  /// Replaces `<stem>.json`; with an OAS half first `<stem>-oas.json`, so that no reader sees the
  /// main file without it.
  /// @error  kIo
  Result<void> write(const std::string& stem, std::string_view classic, std::string_view oas) const;
  /// Removes the main file. @param companion  the OAS half too, where there is one
  /// @error  kIo: no such file, or not removable
  Result<void> remove(const std::string& stem, bool companion) const;

 private:
  bool exists(const std::string& name) const;

  std::string directory_;
};

}  // namespace tykpp::admin
