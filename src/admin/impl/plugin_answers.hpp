#pragma once
// `/tyk/plugins`: which plugins are loaded and how they fare.

#include <optional>
#include <string>
#include <vector>

#include "admin/admin_api.hpp"
#include "admin/control.hpp"

namespace tykpp::admin {

/// A JSON list of the hooks, of all APIs or of one.
AdminReply pluginList(const std::vector<PluginStatus>& plugins,
                      const std::optional<std::string>& api_id);

}  // namespace tykpp::admin
