#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "certs/certificate.hpp"

namespace tykpp::certs {

/// The certificates that definitions and settings name, by what they call them: an id of the store
/// or a file. Replaced as a whole when one changes. Thread: any; it does not change.
class CertificateSet {
 public:
  using Map = std::unordered_map<std::string, CertificatePtr>;
  CertificateSet() = default;
  explicit CertificateSet(Map entries) : entries_(std::move(entries)) {}
  /// Null when there is none, or none that can be read.
  CertificatePtr find(const std::string& name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : found->second;
  }
  const Map& entries() const noexcept { return entries_; }

 private:
  Map entries_;
};

}  // namespace tykpp::certs
