#pragma once
// Which scripts an API has, in the order in which they load.

#include <string>
#include <vector>

#include "definition/api_spec.hpp"
#include "drivers/js/impl/program.hpp"

namespace tykpp::drivers::js {

/// Reads the sources of the JavaScript hooks that came with one of the API's bundles, with the
/// first those of all virtual endpoints too; without bundles there is the first alone. What cannot
/// be read gets its `problem`. @param bundle  see PluginRef::bundle. Thread: main; looks at the
/// disk.
std::vector<Script> readSources(const definition::ApiSpec& api, std::size_t bundle,
                                bool refuse_blobs);
/// A file's text. @return false when it cannot be read
bool readFile(const std::string& path, std::string& out);
/// Empty, or why a file of this name is none of ours.
std::string wrongExtension(const std::string& path);
/// What stands for a virtual endpoint's inline source in messages.
std::string blobName(const definition::VirtualEndpoint& endpoint);
/// The name under which readSources() has a hook's script.
std::string scriptName(const definition::PluginRef& ref);

}  // namespace tykpp::drivers::js
