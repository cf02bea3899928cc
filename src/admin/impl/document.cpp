#include "admin/impl/document.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/ascii.hpp"
#include "base/text.hpp"

namespace tykpp::admin {
namespace {

constexpr std::size_t kMaxDepth =
    200;  // writing JSON recurses: deeper input could exhaust the stack
constexpr std::size_t kMaxIdBytes = 200;  // with suffixes below the 255 bytes of a file name

enum class Type : std::uint8_t { kText, kFlag, kInteger, kObject, kList };

bool isOfType(const Document& value, Type type) {
  switch (type) {
    case Type::kText:
      return value.is_string();
    case Type::kFlag:
      return value.is_boolean();
    case Type::kInteger:
      return value.is_number_integer();
    case Type::kObject:
      return value.is_object();
    case Type::kList:
      return value.is_array();
  }
  return false;
}

struct TypedMembers {
  Type type;
  std::initializer_list<const char*> pointers;
};

const TypedMembers kClassicTypes[] = {
    {Type::kText,
     {"/id",
      "/name",
      "/slug",
      "/api_id",
      "/org_id",
      "/protocol",
      "/domain",
      "/expiration",
      "/definition/location",
      "/definition/key",
      "/proxy/listen_path",
      "/proxy/target_url",
      "/proxy/transport/proxy_url",
      "/version_data/default_version",
      "/base_identity_provided_by",
      "/jwt_signing_method",
      "/jwt_source",
      "/jwt_identity_base_field",
      "/jwt_policy_field_name",
      "/jwt_client_base_field",
      "/custom_middleware_bundle",
      "/custom_middleware/driver"}},
    {Type::kFlag,
     {"/active",
      "/internal",
      "/is_oas",
      "/use_keyless",
      "/use_standard_auth",
      "/use_basic_auth",
      "/use_oauth2",
      "/use_openid",
      "/enable_jwt",
      "/enable_signature_checking",
      "/use_mutual_tls_auth",
      "/custom_plugin_auth_enabled",
      "/enable_coprocess_auth",
      "/use_go_plugin_auth",
      "/strip_auth_data",
      "/domain_disabled",
      "/disable_rate_limit",
      "/disable_quota",
      "/do_not_track",
      "/enable_context_vars",
      "/enable_detailed_recording",
      "/enable_batch_request_support",
      "/enable_ip_whitelisting",
      "/enable_ip_blacklisting",
      "/proxy/strip_listen_path",
      "/proxy/disable_strip_slash",
      "/proxy/preserve_host_header",
      "/proxy/enable_load_balancing",
      "/version_data/not_versioned"}},
    {Type::kInteger, {"/listen_port", "/session_lifetime", "/expire_analytics_after"}},
    {Type::kObject,
     {"/definition", "/proxy", "/proxy/transport", "/proxy/service_discovery", "/version_data",
      "/version_data/versions", "/version_definition", "/auth", "/auth_configs",
      "/custom_middleware", "/config_data", "/cache_options", "/CORS", "/event_handlers",
      "/global_rate_limit", "/graphql", "/upstream_auth", "/uptime_tests",
      "/custom_middleware/auth_check"}},
    {Type::kList,
     {"/allowed_ips", "/blacklisted_ips", "/tags", "/tag_headers", "/response_processors",
      "/client_certificates", "/certificates", "/proxy/target_list", "/custom_middleware/pre",
      "/custom_middleware/post", "/custom_middleware/post_key_auth",
      "/custom_middleware/response"}},
};

bool flagAt(const Document& document, const char* pointer) {
  const Document* value = valueAt(document, pointer);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

/// The elements of a list, nothing when there is none.
const Document& listAt(const Document& document, const char* pointer) {
  static const Document kEmpty = Document::array();
  const Document* value = valueAt(document, pointer);
  return value != nullptr && value->is_array() ? *value : kEmpty;
}

std::optional<std::string> duplicateSources(const Document& classic) {
  std::set<std::string> names;
  for (const Document& source : listAt(classic, "/graphql/engine/data_sources")) {
    std::string name = lowered(trim(textAt(source, "/name")));
    if (!names.insert(std::move(name)).second) return "duplicate data source names are not allowed";
  }
  return std::nullopt;
}

std::optional<std::string> disabledSources(const Document& classic) {
  static constexpr const char* kMethods[][4] = {
      // in the order of their names
      {"authToken", "/use_standard_auth", nullptr, nullptr},
      {"coprocess", "/custom_plugin_auth_enabled", "/enable_coprocess_auth", "/use_go_plugin_auth"},
      {"hmac", "/enable_signature_checking", nullptr, nullptr},
      {"jwt", "/enable_jwt", nullptr, nullptr},
      {"oauth", "/use_oauth2", nullptr, nullptr},
      {"oidc", "/use_openid", nullptr, nullptr},
  };
  for (const auto& method : kMethods) {
    const bool enabled = std::any_of(method + 1, method + 4, [&](const char* flag) {
      return flag != nullptr && flagAt(classic, flag);
    });
    const std::string pointer = std::string("/auth_configs/") + method[0];
    const Document* config = valueAt(classic, pointer.c_str());
    if (!enabled || config == nullptr || !config->is_object()) continue;
    if (flagAt(*config, "/disable_header") && !flagAt(*config, "/use_cookie") &&
        !flagAt(*config, "/use_param")) {
      return std::string("all auth sources are disabled for ") + method[0] +
             ", at least one of header/cookie/query must be enabled";
    }
  }
  return std::nullopt;
}

bool isAddressOrRange(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  unsigned char bytes[16];
  const bool four = ::inet_pton(AF_INET, address.c_str(), bytes) == 1;
  if (!four && ::inet_pton(AF_INET6, address.c_str(), bytes) != 1) return false;
  if (slash == std::string::npos) return true;
  const std::string length = text.substr(slash + 1);
  if (length.empty() || length.size() > 3 || !std::all_of(length.begin(), length.end(), isDigit)) {
    return false;
  }
  return std::stoi(length) <= (four ? 32 : 128);
}

std::optional<std::string> badAddress(const Document& classic, const char* flag, const char* list) {
  if (!flagAt(classic, flag)) return std::nullopt;
  for (const Document& entry : listAt(classic, list)) {
    const std::string text = entry.is_string() ? entry.get<std::string>() : entry.dump();
    if (!isAddressOrRange(text)) return "invalid IP/CIDR \"" + text + "\"";
  }
  return std::nullopt;
}

/// A negative number, or a duration text with a minus in front.
bool isNegative(const Document& value) {
  if (value.is_number()) return value.get<double>() < 0;
  return value.is_string() && value.get<std::string>().starts_with('-');
}

std::optional<std::string> badTimeouts(const Document& classic) {
  const Document* versions = valueAt(classic, "/version_data/versions");
  if (versions == nullptr || !versions->is_object()) return std::nullopt;
  for (const Document& version : *versions) {
    const Document* timeout = valueAt(version, "/global_enforce_timeout");
    if (timeout != nullptr && isNegative(*timeout)) return "invalid global timeout value";
  }
  for (const Document& version : *versions) {
    for (const Document& entry : listAt(version, "/extended_paths/hard_timeouts")) {
      for (const char* name : {"/timeout", "/duration"}) {
        const Document* timeout = valueAt(entry, name);
        if (timeout != nullptr && isNegative(*timeout)) return "invalid timeout value";
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> badUpstreamAuth(const Document& classic) {
  const Document* auth = valueAt(classic, "/upstream_auth");
  if (auth == nullptr || !flagAt(*auth, "/enabled")) return std::nullopt;
  const bool oauth = flagAt(*auth, "/oauth/enabled");
  if (oauth && flagAt(*auth, "/basic_auth/enabled")) {
    return "multiple upstream authentication modes not allowed";
  }
  if (!oauth) return std::nullopt;
  const Document& types = listAt(*auth, "/oauth/allowed_authorize_types");
  if (types.size() > 1) return "multiple upstream OAuth authorization type not allowed";
  if (types.empty()) return "upstream OAuth authorization type is required";
  if (types[0] != "clientCredentials" && types[0] != "password") {
    return "invalid OAuth authorization type";
  }
  const Document* method = valueAt(*auth, "/oauth/client_auth_method");
  if (method == nullptr || method->is_null() || *method == "" || *method == "client_secret_basic" ||
      *method == "client_secret_post") {
    return std::nullopt;
  }
  return "invalid upstream OAuth client authentication method, valid values are: "
         "client_secret_basic, client_secret_post";
}

}  // namespace

std::optional<Document> parseObject(std::string_view text) {
  if (jsonDeeperThan(text, kMaxDepth)) return std::nullopt;
  Document document = Document::parse(text, nullptr, false);
  if (!document.is_object()) return std::nullopt;  // discarded is no object either
  return document;
}

bool hasClassicTypes(const Document& definition) {
  for (const TypedMembers& group : kClassicTypes) {
    for (const char* pointer : group.pointers) {
      const Document* value = valueAt(definition, pointer);
      if (value != nullptr && !value->is_null() && !isOfType(*value, group.type)) return false;
    }
  }
  return true;
}

const Document* valueAt(const Document& document, const char* pointer) {
  const Document* value = &document;
  std::string_view rest(pointer);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(name.size());
    if (!value->is_object()) return nullptr;
    const auto found = value->find(std::string(name));
    if (found == value->end()) return nullptr;
    value = &*found;
  }
  return value;
}

std::string textAt(const Document& document, const char* pointer) {
  const Document* value = valueAt(document, pointer);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

std::optional<std::string> firstBrokenRule(const Document& classic) {
  if (auto reason = duplicateSources(classic)) return reason;
  if (auto reason = disabledSources(classic)) return reason;
  if (auto reason = badAddress(classic, "/enable_ip_whitelisting", "/allowed_ips")) return reason;
  if (auto reason = badAddress(classic, "/enable_ip_blacklisting", "/blacklisted_ips")) {
    return reason;
  }
  if (auto reason = badTimeouts(classic)) return reason;
  return badUpstreamAuth(classic);
}

std::optional<std::string> brokenBalancing(const Document& oas) {
  const Document* balancing = valueAt(oas, "/x-tyk-api-gateway/upstream/loadBalancing");
  if (balancing == nullptr || !flagAt(*balancing, "/enabled")) return std::nullopt;
  const Document& targets = listAt(*balancing, "/targets");
  const bool any = std::any_of(targets.begin(), targets.end(), [](const Document& target) {
    const Document* weight = valueAt(target, "/weight");
    return weight != nullptr && weight->is_number() && weight->get<double>() > 0;
  });
  if (any || targets.empty()) return std::nullopt;
  return "all load balancing targets have weight 0, at least one target must have weight > 0";
}

bool isSafeApiId(std::string_view id) {
  if (id.empty() || id == "." || id == ".." || id.size() > kMaxIdBytes) return false;
  return std::none_of(id.begin(), id.end(), [](char c) {
    return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

std::string makeApiId() {
  static constexpr char kHex[] = "0123456789abcdef";
  std::random_device source;
  std::string id;
  while (id.size() < 32) {
    unsigned bits = source();
    for (int i = 0; i < 8; ++i, bits >>= 4) id += kHex[bits & 15];
  }
  return id;
}

}  // namespace tykpp::admin
