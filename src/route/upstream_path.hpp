#pragma once
// The request target that goes upstream: listen path removed, joined with the target's path,
// queries merged (spec/api-definitions.md section 10.1 and 10.2).

#include <cstddef>
#include <string_view>

#include "base/arena.hpp"

namespace tykpp::definition {
struct ApiSpec;
struct TargetUrl;
}  // namespace tykpp::definition
namespace tykpp::http {
class Request;
}

namespace tykpp::route {

/// Path and query for the upstream's request line.
/// The path keeps the client's escapes where it has any and they are well-formed; else it is
/// escaped from its decoded form, as the original does (`!'()*` become `%XX` in a path without
/// escapes). No byte that would end a request line (controls, spaces) gets through, whatever a
/// plugin wrote into the request.
/// @param stripped       bytes of the decoded path to leave out in front (Match::matched_size with
/// `strip_listen_path`)
/// @param skip_escaping  `skip_target_path_escaping`: the path goes on as it was written
/// @return a view into the arena, never empty
std::string_view upstreamTarget(const http::Request& request, const definition::ApiSpec& api,
                                const definition::TargetUrl& target, std::size_t stripped,
                                bool skip_escaping, Arena& arena);

}  // namespace tykpp::route
