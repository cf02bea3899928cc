#pragma once
// How rules of endpoints see a request's path.

#include <string_view>

#include "http/exchange.hpp"

namespace tykpp::hooks {

/// Without the listen path, with a leading slash. A view into the exchange.
inline std::string_view endpointPath(const http::Exchange& exchange) {
  std::string_view path = exchange.request().path;
  const std::string_view listen = exchange.listen_path_match;
  if (listen.size() <= 1 || !path.starts_with(listen)) return path;
  path.remove_prefix(listen.ends_with('/') ? listen.size() - 1 : listen.size());
  return path.empty() ? std::string_view("/") : path;
}

}  // namespace tykpp::hooks
