#pragma once
// The entries of the lists in a version's `extended_paths`.

#include <string>
#include <utility>

#include "definition/impl/definition_builder.hpp"
#include "definition/impl/json_text.hpp"
#include "definition/limit_rules.hpp"

namespace tykpp::definition {

/// Calls `visit(entry, place)` for every entry of a list that is in force.
/// @param place  the version's pointer
template <class Visit>
void forEachListed(const Json& version, const std::string& place, const std::string& list,
                   const Visit& visit) {
  const Json* entries = memberAt(version, "extended_paths/" + list);
  if (entries == nullptr || !entries->is_array()) return;
  std::size_t index = 0;
  for (const Json& entry : *entries) {
    std::string pointer = pointerTo(pointerTo(place + "/extended_paths", list), index++);
    if (flagOf(entry, "disabled")) continue;
    visit(entry, EndpointPlace{std::string(textOf(entry, "path")),
                               std::string(textOf(entry, "method")), std::move(pointer)});
  }
}

}  // namespace tykpp::definition
