#pragma once
// Messages as text, for people and tools: requests that are written from their parts, and what a
// message looks like on the wire. Nothing of this is on the way of a client's request.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.hpp"
#include "base/error.hpp"
#include "http/headers.hpp"

namespace tykpp::http {

/// A request to be sent. Framing is its body's: fields about framing and the connection are not
/// sent (Content-Length, Transfer-Encoding, Connection and what belongs to it, Expect).
struct RequestParts {
  std::string method;  ///< empty: GET
  std::string target;  ///< path and query, or a whole URL of http or https; empty: `/`
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct WireRequest {
  std::string bytes;
  bool host_given = false;  ///< else the Host in it stands for none
};
/// The bytes of a request. Bytes of the target that are no ASCII are escaped.
/// @error kBadRequest  what cannot be sent: no token, control characters, blanks in the target
Result<WireRequest> wireRequest(const RequestParts& parts);

/// A message in wire form, fields in the order of their names.
/// @param first_line  without its end
/// @param host        stands in front of the fields; empty: nothing does
/// @param skipped     whether a field is left out
std::string wireText(std::string_view first_line, std::string_view host, const Headers& headers,
                     bool (*skipped)(const HeaderField& field), std::string_view body);

/// An answer as it came in, up to the end of the connection.
struct WireAnswer {
  std::string text;  ///< in wire form, its body whole and without framing
  int status = 0;
  bool partial = false;  ///< its end is missing
};
/// Reads one; informational answers in front of it are passed over.
/// @param method  of its request
/// @error kUpstreamProtocol  no whole head, or one that nobody can read
Result<WireAnswer> wireAnswer(std::string received, std::string_view method, BlockPool& blocks);

}  // namespace tykpp::http
