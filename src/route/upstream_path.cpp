#include "route/upstream_path.hpp"

#include <algorithm>

#include "definition/api_spec.hpp"
#include "http/message.hpp"
#include "route/impl/escape.hpp"

namespace tykpp::route {
namespace {

/// How many bytes of the escaped path make up this many of the decoded one.
std::size_t rawSize(std::string_view raw_path, std::size_t decoded) noexcept {
  std::size_t at = 0;
  for (; decoded > 0 && at < raw_path.size(); --decoded) at += raw_path[at] == '%' ? 3 : 1;
  return std::min(at, raw_path.size());
}

std::string_view withoutLeadingSlashes(std::string_view text) noexcept {
  return text.substr(std::min(text.find_first_not_of('/'), text.size()));
}

std::string_view withoutTrailingSlashes(std::string_view text) noexcept {
  return text.substr(0, text.find_last_not_of('/') + 1);
}

/// A path as it goes on the wire. `escaped`: the raw form has escapes of its own.
std::string_view wirePath(std::string_view raw, std::string_view decoded, bool escaped,
                          Arena& arena) {
  if (!escaped) return escapeUnless(raw, kPlain, arena);
  if (allBytes(raw, kWellFormed)) return raw;
  return escapeUnless(decoded, kPlain, arena);
}

}  // namespace

std::string_view upstreamTarget(const http::Request& request, const definition::ApiSpec& api,
                                const definition::TargetUrl& target, std::size_t stripped,
                                bool skip_escaping, Arena& arena) {
  // Every escape shortens the decoded form, so equal sizes mean that there is none.
  const bool escaped = request.raw_path.size() != request.path.size();
  stripped = std::min(stripped, request.path.size());
  const std::string_view path = request.path.substr(stripped);
  const std::string_view raw =
      request.raw_path.substr(escaped ? rawSize(request.raw_path, stripped) : stripped);

  const bool as_is = api.disable_strip_slash && (path.empty() || path == "/");
  std::string_view base = target.raw_path;
  std::string_view rest;
  if (!as_is) {
    base = withoutTrailingSlashes(base);
    rest = skip_escaping
               ? escapeUnless(withoutLeadingSlashes(raw), kWireSafe, arena)
               : wirePath(withoutLeadingSlashes(raw), withoutLeadingSlashes(path), escaped, arena);
  }
  if (skip_escaping) {
    base = escapeUnless(base, kWireSafe, arena);
  } else {
    const std::string_view decoded = as_is ? target.path : withoutTrailingSlashes(target.path);
    base = wirePath(base, decoded, target.raw_path.size() != target.path.size(), arena);
  }

  const std::string_view slash = rest.empty() && !base.empty() ? "" : "/";
  const std::string_view query = escapeUnless(request.query, kWireSafe, arena);
  const bool both = !target.query.empty() && !query.empty();
  const bool mark = request.has_query || !target.query.empty();
  return arena.concat(base, slash, rest, mark ? "?" : "", target.query, both ? "&" : "", query);
}

}  // namespace tykpp::route
