#include "session/impl/rights_merge.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace tykpp::session {
namespace {

/// The element that `same` is true for, or a copy of `wanted` that is added.
/// @return null when it was added
template <class T, class Same>
T* findOrAdd(std::vector<T>& list, const T& wanted, const Same& same) {
  const auto found = std::find_if(list.begin(), list.end(), same);
  if (found != list.end()) return &*found;
  list.push_back(wanted);
  return nullptr;
}

void mergeTypes(std::vector<TypeFields>& into, const std::vector<TypeFields>& more) {
  for (const TypeFields& type : more) {
    TypeFields* known =
        findOrAdd(into, type, [&](const TypeFields& other) { return other.name == type.name; });
    if (known != nullptr) unite(known->fields, type.fields);
  }
}

void mergeFields(std::vector<FieldRight>& into, const std::vector<FieldRight>& more) {
  for (const FieldRight& right : more) {
    FieldRight* known = findOrAdd(into, right, [&](const FieldRight& other) {
      return other.type_name == right.type_name && other.field_name == right.field_name;
    });
    if (known != nullptr && larger(right.max_query_depth, known->max_query_depth)) {
      known->max_query_depth = right.max_query_depth;
    }
  }
}

void mergeRules(AllowBlock& into, const AllowBlock& more) {
  unite(into.allowed, more.allowed);
  unite(into.blocked, more.blocked);
}

bool moreGenerous(const RateLimit& candidate, const RateLimit& current) {
  if (candidate.interval() != current.interval()) {
    return candidate.interval() < current.interval();
  }
  return candidate.rate > current.rate;
}

void mergeLimits(std::vector<NamedLimit>& into, const std::vector<NamedLimit>& more) {
  for (const NamedLimit& limit : more) {
    NamedLimit* known = findOrAdd(into, limit, [&](const NamedLimit& other) {
      return other.type == limit.type && equalsIgnoreCase(other.name, limit.name);
    });
    if (known != nullptr && moreGenerous(limit.limit, known->limit)) known->limit = limit.limit;
  }
}

}  // namespace

void unite(std::vector<std::string>& list, const std::vector<std::string>& more) {
  for (const std::string& text : more) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  }
}

void mergeAccess(AccessDefinition& into, const AccessDefinition& more) {
  unite(into.versions, more.versions);
  for (const AllowedUrl& url : more.allowed_urls) {
    AllowedUrl* known = findOrAdd(into.allowed_urls, url,
                                  [&](const AllowedUrl& other) { return other.url == url.url; });
    if (known != nullptr) unite(known->methods, url.methods);
  }
  into.disable_introspection = into.disable_introspection || more.disable_introspection;
  mergeTypes(into.restricted_types, more.restricted_types);
  mergeTypes(into.allowed_types, more.allowed_types);
  mergeFields(into.field_access_rights, more.field_access_rights);
  mergeRules(into.json_rpc_methods_access_rights, more.json_rpc_methods_access_rights);
  mergeRules(into.mcp_access_rights.tools, more.mcp_access_rights.tools);
  mergeRules(into.mcp_access_rights.resources, more.mcp_access_rights.resources);
  mergeRules(into.mcp_access_rights.prompts, more.mcp_access_rights.prompts);
}

void mergeNamedLimits(AccessDefinition& into, const AccessDefinition& more) {
  for (const EndpointLimits& endpoint : more.endpoints) {
    EndpointLimits* known = findOrAdd(into.endpoints, endpoint, [&](const EndpointLimits& other) {
      return other.path == endpoint.path;
    });
    if (known != nullptr) mergeLimits(known->methods, endpoint.methods);
  }
  mergeLimits(into.json_rpc_methods, more.json_rpc_methods);
  mergeLimits(into.mcp_primitives, more.mcp_primitives);
}

}  // namespace tykpp::session
