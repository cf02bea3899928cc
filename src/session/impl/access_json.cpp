// The JSON of access rights.

#include "session/impl/members.hpp"

namespace tykpp::session {

void visitMembers(auto& visitor, Either<AllowedUrl> auto& entry) {
  visitor.always("url", entry.url);
  visitor.always("methods", entry.methods);
}

void visitMembers(auto& visitor, Either<TypeFields> auto& type) {
  visitor.always("name", type.name);
  visitor.always("fields", type.fields);
}

void visitMembers(auto& visitor, Either<FieldRight> auto& right) {
  visitor.field("type_name", right.type_name);
  visitor.field("field_name", right.field_name);
  visitor.object("limits", right.max_query_depth == 0,
                 [&](auto& inner) { inner.field("max_query_depth", right.max_query_depth); });
}

void visitMembers(auto& visitor, Either<NamedLimit> auto& named) {
  visitor.field("type", named.type);
  visitor.field("name", named.name);
  visitor.always("limit", named.limit);
}

void visitMembers(auto& visitor, Either<EndpointLimits> auto& endpoint) {
  visitor.field("path", endpoint.path);
  visitor.field("methods", endpoint.methods);
}

void visitMembers(auto& visitor, Either<AllowBlock> auto& rules) {
  visitor.field("allowed", rules.allowed);
  visitor.field("blocked", rules.blocked);
}

void visitMembers(auto& visitor, Either<McpRights> auto& rights) {
  visitor.field("tools", rights.tools);
  visitor.field("resources", rights.resources);
  visitor.field("prompts", rights.prompts);
}

namespace {

void visitAccess(auto& visitor, Either<AccessDefinition> auto& access) {
  visitor.field("api_name", access.api_name);
  visitor.field("api_id", access.api_id);
  visitor.field("versions", access.versions);
  visitor.field("allowed_urls", access.allowed_urls);
  visitor.field("restricted_types", access.restricted_types);
  visitor.field("allowed_types", access.allowed_types);
  visitor.field("limit", access.limit);
  visitor.field("field_access_rights", access.field_access_rights);
  visitor.field("disable_introspection", access.disable_introspection);
  visitor.field("allowance_scope", access.allowance_scope);
  visitor.field("endpoints", access.endpoints);
  visitor.field("json_rpc_methods", access.json_rpc_methods);
  visitor.field("json_rpc_methods_access_rights", access.json_rpc_methods_access_rights);
  visitor.field("mcp_primitives", access.mcp_primitives);
  visitor.field("mcp_access_rights", access.mcp_access_rights);
}

}  // namespace

void visitMembers(JsonReader& reader, AccessDefinition& access) { visitAccess(reader, access); }

void visitMembers(JsonWriter& writer, const AccessDefinition& access) {
  visitAccess(writer, access);
  writeUnknown(writer, access.unknown);
}

}  // namespace tykpp::session
