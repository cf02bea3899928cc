#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tykpp::definition {
struct NormaliseUrls;
}

namespace tykpp::analytics {

/// Replaces the parts of paths that are different in each request, so that records of one endpoint
/// count together. Immutable. Source: `analytics_config.normalise_urls`.
class PathNormaliser {
 public:
  /// An expression that cannot be compiled is logged and left out.
  explicit PathNormaliser(const definition::NormaliseUrls& rules);
  ~PathNormaliser();
  PathNormaliser(const PathNormaliser&) = delete;
  PathNormaliser& operator=(const PathNormaliser&) = delete;

  /// In place. Thread: any.
  void apply(std::string& path) const;

 private:
  struct Rule;
  std::vector<Rule> rules_;
};

}  // namespace tykpp::analytics
