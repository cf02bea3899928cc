#pragma once
// Every call of the reference's control API: what is built names its handler, the rest answers 501.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tykpp::admin {

enum class Call : std::uint8_t {
  kNotBuilt,
  kReload,
  kReloadGroup,
  kListApis,
  kGetApi,
  kCreateApi,
  kUpdateApi,
  kRemoveApi,
  kListOas,
  kGetOas,
  kCreateOas,
  kUpdateOas,
  kImportOas,
  kListVersions,
  kExportOas,
  kExportAllOas,
  kListPlugins,
  kGetApiPlugins,
  kRollBackPlugins,
  kAddCertificate,
  kListCertificates,
  kGetCertificates,
  kRemoveCertificate,
  kCreateKey,
  kPreviewKey,
  kListKeys,
  kGetKey,
  kWriteKey,
  kRemoveKey,
  kSetKeyPolicies,
  kListOrgs,
  kGetOrg,
  kWriteOrg,
  kRemoveOrg,
  kListPolicies,
  kGetPolicy,
  kWritePolicy,
  kRemovePolicy,
  kCreateClient,
  kListClients,
  kGetClient,
  kUpdateClient,
  kRotateClient,
  kRemoveClient,
  kListTokens,
  kListClientApis,
  kRemoveRefreshToken,
  kRevokeToken,
  kRevokeTokens,
  kPurgeTokens,
  kForgetKeySets,
  kForgetAnswers,
  kGetSchema,
  kDebug,
};

/// What a method and path select.
struct Selected {
  enum class Kind : std::uint8_t { kCall, kUnknownPath, kUnknownMethod } kind;
  Call call = Call::kNotBuilt;
  std::string_view pattern;              ///< below `/tyk`, as in the table
  std::vector<std::string_view> values;  ///< of the path's variables
};

/// @param path  below `/tyk`, without trailing slashes
Selected selectCall(std::string_view method, std::string_view path);

}  // namespace tykpp::admin
