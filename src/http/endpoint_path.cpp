#include "http/endpoint_path.hpp"

namespace tykpp::http {
namespace {

std::string_view behindListenPath(const Exchange& exchange) noexcept {
  std::string_view path = exchange.request().path;
  const std::string_view listen = exchange.listen_path_match;
  if (listen.size() <= 1 || !path.starts_with(listen)) return path;
  path.remove_prefix(listen.ends_with('/') ? listen.size() - 1 : listen.size());
  return path.empty() ? std::string_view("/") : path;
}

}  // namespace

EndpointPath endpointPath(const Exchange& exchange) noexcept {
  const std::string_view path = behindListenPath(exchange);
  const std::string_view version = exchange.version_in_path;
  if (version.empty()) [[likely]]
    return {path, {}};
  // A plugin may have changed the path since.
  if (path.empty() || !path.substr(1).starts_with(version)) return {path, {}};
  const std::string_view rest = path.substr(version.size() + 1);
  if (rest.empty()) return {"/", path};
  if (rest.front() != '/') return {path, {}};
  return {rest, path};
}

}  // namespace tykpp::http
