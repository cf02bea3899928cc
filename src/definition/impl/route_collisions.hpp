#pragma once
#include "definition/api_loader.hpp"

namespace tykpp::definition {

/// Gives every API of one load a (domain, listen path) pair of its own. An API of `previous` that
/// runs with the path keeps it; every other one in the same place is replaced by a copy with
/// `<path>-<api_id>`, and an error tells.
void separateListenPaths(ApiList& apis, const ApiList* previous, Problems& problems);

}  // namespace tykpp::definition
