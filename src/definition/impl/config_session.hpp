#pragma once
// One load of the configuration, shared by the loader and the lint command.

#include <string>

#include "definition/config_loader.hpp"
#include "definition/impl/config_values.hpp"

namespace tykpp::definition {

/// Judges a configuration text: types, values, rules between keys. Fills `loaded`.
/// @param text  the file's content; empty: no file counts
/// @error kBadConfig when it is no JSON
Result<void> judgeConfig(const std::string& file, std::string_view text, const Environment& env,
                         Unknown unknown, LoadedConfig& loaded);

}  // namespace tykpp::definition
