#include "http/endpoint_path.hpp"

namespace tykpp::http {

std::string_view endpointPath(const Exchange& exchange) noexcept {
  std::string_view path = exchange.request().path;
  const std::string_view listen = exchange.listen_path_match;
  if (listen.size() <= 1 || !path.starts_with(listen)) return path;
  path.remove_prefix(listen.ends_with('/') ? listen.size() - 1 : listen.size());
  return path.empty() ? std::string_view("/") : path;
}

}  // namespace tykpp::http
