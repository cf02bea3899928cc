#pragma once
#include <string_view>

#include "http/exchange.hpp"

namespace tykpp::http {

/// The request's path as rules of endpoints see it: decoded, without the listen path, with a
/// leading slash. View: into the exchange. Thread: the exchange's worker.
std::string_view endpointPath(const Exchange& exchange) noexcept;

}  // namespace tykpp::http
