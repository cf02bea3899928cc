#pragma once
// Finds a plugin's main file and has it imported.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "definition/api_spec.hpp"
#include "drivers/python/impl/handler.hpp"

namespace tykpp::drivers::python {

class Interpreter;

/// Where a plugin's code is.
struct PluginPlace {
  std::string file;  ///< absolute; empty: neither a bundle nor a path is given
  std::string root;  ///< where the modules beside it are
};

/// Of a bundle: its only file, else `middleware.py`, else its first `.py`. Without one: `path`.
PluginPlace placeOf(const definition::PluginRef& ref, const definition::ApiSpec& api);

/// The files in which event handlers of the API are looked for.
std::vector<PluginPlace> eventPlaces(const definition::ApiSpec& api);

/// Imports the plugin, unless its API has it already and its files are the same, and finds the
/// handler. Thread: main.
/// @param handler  with its facts; gets the function
/// @error kBadPlugin  in the reference's words where it has some
Result<void> importPlugin(Interpreter& interpreter, const PluginPlace& place,
                          const definition::ApiSpec& api, std::chrono::milliseconds limit,
                          const std::shared_ptr<Handler>& handler);

}  // namespace tykpp::drivers::python
