#include "http/upstream_change.hpp"

#include <algorithm>
#include <new>

#include "base/ascii.hpp"
#include "base/text.hpp"
#include "http/exchange.hpp"

namespace tykpp::http {
namespace {

/// Letters, digits, `+-.` before `://` (RFC 3986 section 3.1); empty when the text begins with no
/// scheme.
std::string_view schemeOf(std::string_view url) noexcept {
  const std::size_t end = url.find("://");
  if (end == std::string_view::npos) return {};
  const std::string_view scheme = url.substr(0, end);
  const bool fine = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (toLower(c) >= 'a' && toLower(c) <= 'z') || isDigit(c) || c == '+' || c == '-' ||
           c == '.';
  });
  return fine && !scheme.empty() && !isDigit(scheme.front()) ? scheme : std::string_view{};
}

bool wellEscapedPath(std::string_view target) noexcept {
  const std::string_view path = target.substr(0, target.find('?'));
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    if (at + 2 >= path.size() || hexValue(path[at + 1]) < 0 || hexValue(path[at + 2]) < 0)
      return false;
  }
  return true;
}

bool hasControls(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

bool UpstreamChange::setUrl(std::string_view url, Arena& arena) {
  url = url.substr(0, url.find('#'));
  if (hasControls(url)) return false;
  const std::string_view given = schemeOf(url);
  if (given.empty()) {
    if (!wellEscapedPath(url)) return false;
    rewritten = true;
    scheme = authority = {};
    target = url;
    return true;
  }
  const bool plain = equalsIgnoreCase(given, "http");
  if (!plain && !equalsIgnoreCase(given, "https")) return false;
  const std::string_view rest = url.substr(given.size() + 3);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  if (end == 0 || !wellEscapedPath(rest.substr(end))) return false;
  rewritten = true;
  scheme = plain ? "http" : "https";
  authority = rest.substr(0, end);
  target = rest.substr(end);
  if (target.empty()) target = "/";
  if (target.front() == '?') target = arena.concat("/", target);
  return true;
}

std::string_view UpstreamChange::url(Arena& arena) const {
  return authority.empty() ? target : arena.concat(scheme, "://", authority, target);
}

UpstreamChange& upstreamChangeOf(Exchange& exchange) {
  if (exchange.upstream_change == nullptr) {
    void* memory = exchange.arena().allocate(sizeof(UpstreamChange), alignof(UpstreamChange));
    exchange.upstream_change = new (memory) UpstreamChange();
  }
  return *exchange.upstream_change;
}

}  // namespace tykpp::http
