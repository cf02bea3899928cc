// Request heads: whatever comes in, parsing ends, and an accepted head is unambiguous.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/head_parser.hpp"
#include "http/hop_by_hop.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tykpp;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const http::HeadScan scan = http::scanHead(bytes, 0);
  if (scan.end == 0) return 0;
  static BlockPool pool;
  Arena arena(pool);
  http::Request request(arena);
  if (!http::parseRequestHead(std::string_view(bytes).substr(0, scan.end), request)) return 0;
  int framings = 0;
  for (const http::HeaderField& field : request.headers) {
    if (!http::isToken(field.name) || !http::isFieldValue(field.value)) std::abort();
    framings +=
        field.id == http::HeaderId::kContentLength || field.id == http::HeaderId::kTransferEncoding
            ? 1
            : 0;
  }
  if (framings > 1 || request.path.empty()) std::abort();
  http::removeHopByHop(request.headers);
  for (const http::HeaderField& field : request.headers) {
    if (http::isHopByHop(field.id) && field.id != http::HeaderId::kTe) std::abort();
  }
  return 0;
}
