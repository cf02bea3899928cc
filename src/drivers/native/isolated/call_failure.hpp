#pragma once
// What a failed call of an isolated plugin is to the request.

#include <string>
#include <utility>

#include "base/error.hpp"

namespace tykpp::drivers::native::isolated {

/// 500; `detail` goes to the log.
inline Error callFailed(std::string detail) {
  return Error(Errc::kPluginFailed, Side::kPlugin, 500, "Internal Server Error")
      .withDetail(std::move(detail));
}

}  // namespace tykpp::drivers::native::isolated
