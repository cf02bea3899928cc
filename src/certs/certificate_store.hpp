#pragma once
// The certificate store: certificates by id, shared with other gateways on the same store
// (spec/storage-and-analytics.md section 7).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "certs/certificate.hpp"
#include "storage/key_store_client.hpp"

namespace tykpp::certs {

/// Thread: its client's loop. Errors of all operations are the store's, unless they say more.
class CertificateStore {
 public:
  template <class T>
  using Task = storage::StoreTask<T>;
  /// @param client  outlives the object
  /// @param secret  encrypts private keys
  CertificateStore(storage::KeyStoreClient& client, std::string secret)
      : client_(client), secret_(std::move(secret)) {}

  /// Adds an upload. @param now  unix seconds
  /// @return its id
  /// @error kBadRequest, with a text for whoever uploaded it
  Task<std::string> add(std::string upload, std::string org_id, std::int64_t now);
  /// PEM text of an id as the store has it.
  Task<std::optional<std::string>> get(std::string id);
  /// In the order of the ids.
  Task<std::vector<std::optional<std::string>>> getMany(std::vector<std::string> ids);
  /// Ids of an organisation, sorted.
  Task<std::vector<std::string>> list(std::string org_id);
  /// @return whether there was one
  Task<bool> remove(std::string id, std::string org_id);
  const std::string& secret() const noexcept { return secret_; }

 private:
  Task<std::vector<std::string>> rebuildIndex(std::string org_id);
  storage::KeyStoreClient& client_;
  std::string secret_;
};

/// The organisation that an id begins with: what stands in front of the digest.
std::string_view organisationOf(std::string_view id) noexcept;

}  // namespace tykpp::certs
