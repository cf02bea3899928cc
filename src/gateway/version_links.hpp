#pragma once
// Versions that are other APIs: which APIs of a snapshot they are.

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "definition/problem.hpp"
#include "http/exchange.hpp"

namespace tykpp::gateway {

struct ApiRuntime;
struct Snapshot;

/// By the API whose versions they are, in the order of its VersionRules::children; null: no API of
/// the snapshot has that id or name.
using VersionLinks = std::unordered_map<const ApiRuntime*, std::vector<const ApiRuntime*>>;

/// Finds the children by id, database id, or the name that `tyk://` addresses use. Thread: main.
VersionLinks linkVersions(const std::vector<std::shared_ptr<const ApiRuntime>>& apis);
/// An API's name as in `tyk://` addresses: without ` #…`, runs of anything but letters and digits
/// as
/// `-`, in lower case.
std::string loopName(std::string_view name);
/// Tells of versions that no API stands behind.
void reportMissingVersions(const Snapshot& snapshot, definition::Problems& problems);

/// Which of its versions a request to an API gets; the request belongs to that one then. Views and
/// pointers live as long as the snapshot. Thread: any worker.
/// @param api  has versions
/// @error  as VersionChoice::choose, 404 when the version's API is not there, 500 when versions
/// have versions without end
Result<const ApiRuntime*> chooseVersion(const Snapshot& snapshot, const ApiRuntime& api,
                                        http::Exchange& exchange);

}  // namespace tykpp::gateway
