#pragma once
// Bundles on disk, verified once for each state of their files.

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "bundle/impl/settings.hpp"
#include "bundle/store.hpp"

namespace tykpp::bundle {

/// Thread: main.
class Finder {
 public:
  /// @param disk held while a folder is read
  Finder(const Settings& settings, std::mutex& disk) : settings_(settings), disk_(disk) {}

  /// @error kBadPlugin: what is on disk is no good bundle, or cannot be had
  Result<Found> find(const std::string& name);
  /// @error kNotFound, kIo
  Result<void> rollback(const std::string& name);
  /// Forgets what it knows of other names.
  void keepOnly(const std::set<std::string>& names);

 private:
  struct Known {
    std::string fingerprint;
    std::string text;  ///< of the manifest
    std::vector<std::string> files;
    std::string checksum;  ///< of the content
  };
  /// Whether it can be had.
  Result<Found> missing(const Places& places) const;
  Result<definition::BundleContent> loadAll(const Places& places);
  Result<const Known*> load(const std::string& folder);

  const Settings& settings_;
  std::mutex& disk_;
  std::map<std::string, Known> known_;  // by folder
};

}  // namespace tykpp::bundle
