#pragma once
// The error of a bundle that is not as it has to be.

#include <string>
#include <utility>

#include "base/error.hpp"

namespace tykpp::bundle {

inline Error bad(std::string why) { return {Errc::kBadPlugin, std::move(why)}; }

}  // namespace tykpp::bundle
