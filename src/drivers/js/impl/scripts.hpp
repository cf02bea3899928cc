#pragma once
// The scripts that every runtime starts with.

#include <string_view>

namespace tykpp::drivers::js {

/// The objects that plugins are made of (`TykJS` …), the additions to ES5, `console`.
std::string_view coreSource();
/// Underscore, minified, with its licence notice.
std::string_view underscoreSource();

}  // namespace tykpp::drivers::js
