#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "certs/certificate_set.hpp"
#include "net/task.hpp"

namespace tykpp::session {
class Keyring;
}

namespace tykpp::middleware {

/// Certificates that sessions name (`rsa_certificate_id`), read from the certificate store when a
/// request first needs one and kept for a minute, or until the gateway's certificates change.
/// Thread: one worker.
class KeyCertificates {
 public:
  /// When there would be more, all that are kept go.
  static constexpr std::size_t kMost = 1024;

  /// A certificate that is kept, or null.
  certs::CertificatePtr cached(const session::Keyring& keyring, std::string_view id);
  /// The same, else from the store; null when there is none that can be read. Private keys beside
  /// it stay encrypted. @param id  of the certificate store, not empty @error the store's
  net::Task<Result<certs::CertificatePtr>> find(session::Keyring& keyring, std::string id);

 private:
  struct Known {
    certs::CertificatePtr certificate;
    Clock::time_point until;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, Known, Hash, std::equal_to<>> known_;
  /// What was in force when they were read; held, so that no later set has its address.
  std::shared_ptr<const certs::CertificateSet> as_of_;
};

}  // namespace tykpp::middleware
