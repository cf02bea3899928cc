#pragma once
// Cleaning of request paths: duplicate slashes and dot segments are answered with a redirect unless
// `skip_url_cleaning`.

#include <optional>
#include <string_view>

#include "base/arena.hpp"

namespace tykpp::http {
class Request;
}

namespace tykpp::route {

/// Whether cleanPath would change the path. No allocation; one look at each slash.
bool needsCleaning(std::string_view decoded_path) noexcept;
/// The path without `//`, `.` and `..`; a trailing slash stays. View into the arena.
std::string_view cleanPath(std::string_view decoded_path, Arena& arena);
/// The Location of the 301 that a request with an unclean path gets: the cleaned path, escaped
/// anew, and the query as it came. Nothing when the path is clean (the usual case: no allocation)
/// or no path at all (`OPTIONS *`).
std::optional<std::string_view> cleanRedirect(const http::Request& request, Arena& arena);

}  // namespace tykpp::route
