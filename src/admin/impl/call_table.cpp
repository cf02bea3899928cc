#include "admin/impl/call_table.hpp"

#include <optional>

namespace tykpp::admin {
namespace {

struct Row {
  std::string_view methods;  ///< separated by spaces
  std::string_view pattern;
  Call call = Call::kNotBuilt;
};

/// The first row that fits wins, so fixed paths stand before the variables that would take them.
constexpr Row kRows[] = {
    {"GET", "/reload", Call::kReload},
    {"GET", "/reload/group", Call::kReloadGroup},
    {"GET", "/apis", Call::kListApis},
    {"POST", "/apis", Call::kCreateApi},
    {"GET", "/apis/oas", Call::kListOas},
    {"POST", "/apis/oas", Call::kCreateOas},
    {"GET", "/apis/{}/versions", Call::kListVersions},
    {"GET", "/apis/oas/{}/versions", Call::kListVersions},
    {"GET", "/apis/oas/export", Call::kExportAllOas},
    {"POST", "/apis/oas/import", Call::kImportOas},
    {"GET", "/apis/oas/{}/export", Call::kExportOas},
    {"GET", "/apis/oas/{}", Call::kGetOas},
    {"PUT", "/apis/oas/{}", Call::kUpdateOas},
    {"PATCH", "/apis/oas/{}"},
    {"DELETE", "/apis/oas/{}", Call::kRemoveApi},
    {"GET", "/apis/{}", Call::kGetApi},
    {"POST", "/apis/{}", Call::kCreateApi},
    {"PUT", "/apis/{}", Call::kUpdateApi},
    {"DELETE", "/apis/{}", Call::kRemoveApi},
    {"GET POST", "/mcps"},
    {"GET PUT DELETE", "/mcps/{}"},
    {"POST", "/keys/create", Call::kCreateKey},
    {"POST", "/keys/preview", Call::kPreviewKey},
    {"POST", "/keys/policy/{}", Call::kSetKeyPolicies},
    {"GET", "/keys", Call::kListKeys},
    {"POST PUT", "/keys", Call::kWriteKey},
    {"DELETE", "/keys", Call::kRemoveKey},
    {"GET", "/keys/{}", Call::kGetKey},
    {"POST PUT", "/keys/{}", Call::kWriteKey},
    {"DELETE", "/keys/{}", Call::kRemoveKey},
    {"GET", "/org/keys", Call::kListOrgs},
    {"GET", "/org/keys/{}", Call::kGetOrg},
    {"POST PUT", "/org/keys/{}", Call::kWriteOrg},
    {"DELETE", "/org/keys/{}", Call::kRemoveOrg},
    {"GET", "/policies", Call::kListPolicies},
    {"POST PUT", "/policies", Call::kWritePolicy},
    {"DELETE", "/policies", Call::kRemovePolicy},
    {"GET", "/policies/{}", Call::kGetPolicy},
    {"POST PUT", "/policies/{}", Call::kWritePolicy},
    {"DELETE", "/policies/{}", Call::kRemovePolicy},
    {"GET", "/certs", Call::kListCertificates},
    {"POST", "/certs", Call::kAddCertificate},
    {"GET", "/certs/{}", Call::kGetCertificates},
    {"POST", "/certs/{}", Call::kAddCertificate},
    {"DELETE", "/certs/{}", Call::kRemoveCertificate},
    {"POST", "/oauth/clients/create", Call::kCreateClient},
    {"GET", "/oauth/clients/apis/{}", Call::kListClientApis},
    {"GET", "/oauth/clients/{}", Call::kListClients},
    {"DELETE", "/oauth/clients/{}", Call::kRemoveClient},
    {"GET", "/oauth/clients/{}/{}", Call::kGetClient},
    {"PUT", "/oauth/clients/{}/{}", Call::kUpdateClient},
    {"DELETE", "/oauth/clients/{}/{}", Call::kRemoveClient},
    {"PUT", "/oauth/clients/{}/{}/rotate", Call::kRotateClient},
    {"GET", "/oauth/clients/{}/{}/tokens", Call::kListTokens},
    {"DELETE", "/oauth/refresh/{}", Call::kRemoveRefreshToken},
    {"POST", "/oauth/revoke", Call::kRevokeToken},
    {"POST", "/oauth/revoke_all", Call::kRevokeTokens},
    {"DELETE", "/oauth/tokens", Call::kPurgeTokens},
    {"DELETE", "/cache/jwks", Call::kForgetKeySets},
    {"DELETE", "/cache/jwks/{}", Call::kForgetKeySets},
    {"DELETE", "/cache/{}", Call::kForgetAnswers},
    {"GET", "/schema", Call::kGetSchema},
    {"GET", "/health"},
    {"POST", "/debug", Call::kDebug},
    {"POST", "/plugins/test"},
    {"GET", "/plugins", Call::kListPlugins},
    {"GET", "/plugins/{}", Call::kGetApiPlugins},
    {"POST", "/plugins/{}/rollback", Call::kRollBackPlugins},
};

/// The segment in front of the next slash, taken off the path.
std::string_view takeSegment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

std::optional<std::vector<std::string_view>> fit(std::string_view pattern, std::string_view path) {
  std::vector<std::string_view> values;
  while (!pattern.empty()) {
    if (path.empty()) return std::nullopt;
    const std::string_view wanted = takeSegment(pattern);
    const std::string_view given = takeSegment(path);
    if (wanted == "{}") {
      values.push_back(given);
    } else if (wanted != given) {
      return std::nullopt;
    }
  }
  if (!path.empty()) return std::nullopt;
  return values;
}

bool hasMethod(std::string_view methods, std::string_view method) {
  while (!methods.empty()) {
    const std::size_t space = methods.find(' ');
    if (methods.substr(0, space) == method) return true;
    methods = space == std::string_view::npos ? std::string_view{} : methods.substr(space + 1);
  }
  return false;
}

}  // namespace

Selected selectCall(std::string_view method, std::string_view path) {
  Selected out{Selected::Kind::kUnknownPath, Call::kNotBuilt, {}, {}};
  if (!path.starts_with('/')) return out;
  for (const Row& row : kRows) {
    auto values = fit(row.pattern, path);
    if (!values) continue;
    out.kind = Selected::Kind::kUnknownMethod;
    if (hasMethod(row.methods, method)) {
      return {Selected::Kind::kCall, row.call, row.pattern, std::move(*values)};
    }
  }
  return out;
}

}  // namespace tykpp::admin
