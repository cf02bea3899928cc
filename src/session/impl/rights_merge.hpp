#pragma once
// Joining access rights of one API that come from several policies.

#include <cstdint>
#include <string>
#include <vector>

#include "session/access_definition.hpp"

namespace tykpp::session {

/// Whether the first wins; -1 (unlimited) wins against anything.
constexpr bool larger(std::int64_t candidate, std::int64_t current) noexcept {
  if (candidate == -1) return true;
  return current != -1 && candidate > current;
}

/// Adds what is missing, in the order of `more`.
void unite(std::vector<std::string>& list, const std::vector<std::string>& more);
/// What one may do: versions, URLs, types, fields, tools. Not how often.
void mergeAccess(AccessDefinition& into, const AccessDefinition& more);
/// Limits under names (endpoints, JSON-RPC methods, MCP primitives): missing ones are added, of two
/// the more generous stays.
void mergeNamedLimits(AccessDefinition& into, const AccessDefinition& more);

}  // namespace tykpp::session
