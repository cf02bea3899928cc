#pragma once
// Bundles on disk, verified once for each state of their files.

#include <map>
#include <mutex>
#include <string>

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

 private:
  struct Known {
    std::string fingerprint;
    definition::BundleContent content;
  };
  Result<definition::BundleContent> load(const std::string& folder);

  const Settings& settings_;
  std::mutex& disk_;
  std::map<std::string, Known> known_;  // by folder
};

}  // namespace tykpp::bundle
