#include "route/path_clean.hpp"

#include <cstring>

#include "http/message.hpp"
#include "route/impl/escape.hpp"

namespace tykpp::route {
namespace {

/// Whether a segment that starts here is `.` or `..`, or empty with something behind it.
bool uncleanSegment(const char* at, const char* end) noexcept {
  if (at == end) return false;  // the trailing slash
  if (*at == '/') return true;
  if (*at != '.') return false;
  ++at;
  if (at != end && *at == '.') ++at;
  return at == end || *at == '/';
}

}  // namespace

bool needsCleaning(std::string_view decoded_path) noexcept {
  if (!decoded_path.starts_with('/')) return true;
  const char* const end = decoded_path.data() + decoded_path.size();
  const char* at = decoded_path.data();
  while (at != end) {
    const void* slash = std::memchr(at, '/', static_cast<std::size_t>(end - at));
    if (slash == nullptr) return false;
    at = static_cast<const char*>(slash) + 1;
    if (uncleanSegment(at, end)) return true;
  }
  return false;
}

std::string_view cleanPath(std::string_view decoded_path, Arena& arena) {
  // Never longer than the path with a slash on both ends.
  char* const out = static_cast<char*>(arena.allocate(decoded_path.size() + 2, 1));
  std::size_t size = 0;
  std::string_view rest = decoded_path;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      while (size > 0 && out[--size] != '/') {
      }
      continue;
    }
    out[size++] = '/';
    size += segment.copy(out + size, segment.size());
  }
  if (size == 0 || decoded_path.ends_with('/')) out[size++] = '/';
  return {out, size};
}

std::optional<std::string_view> cleanRedirect(const http::Request& request, Arena& arena) {
  if (request.path == "*" || !needsCleaning(request.path)) return std::nullopt;
  const std::string_view path = escapeUnless(cleanPath(request.path, arena), kPlain, arena);
  if (!request.has_query) return path;
  return arena.concat(path, "?", escapeUnless(request.query, kWireSafe, arena));
}

}  // namespace tykpp::route
