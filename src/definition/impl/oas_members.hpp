#pragma once
// Members that an OAS document and a Classic definition call by different names.

#include <span>

#include "definition/impl/json_text.hpp"

namespace tykpp::definition {

/// One member's names.
struct Rename {
  const char* oas;
  const char* classic;
};
/// Copies those that there are.
inline void copyMembers(const Json& from, std::span<const Rename> names, Json& to) {
  for (const Rename& name : names) {
    if (const Json* found = member(from, name.oas); found != nullptr) to[name.classic] = *found;
  }
}

}  // namespace tykpp::definition
