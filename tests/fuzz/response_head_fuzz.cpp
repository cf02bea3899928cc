// Response heads of upstreams: parsing ends, and the framing is one of those we relay.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/head_parser.hpp"
#include "http/hop_by_hop.hpp"
#include "http/status.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tykpp;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const http::HeadScan scan = http::scanHead(bytes, 0);
  if (scan.end == 0) return 0;
  static BlockPool pool;
  Arena arena(pool);
  http::Response response(arena);
  const auto framing =
      http::parseResponseHead(std::string_view(bytes).substr(0, scan.end), "GET", response);
  if (!framing) return 0;
  http::removeHopByHop(response.headers);
  // What we would send to the client must itself be a head, with nothing behind its end.
  const std::string_view head =
      http::renderStatusLineAndHeaders(response, arena, "Content-Length: 0\r\n");
  if (http::scanHead(head, 0).end != head.size()) std::abort();
  return 0;
}
