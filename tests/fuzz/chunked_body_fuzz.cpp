// Chunked bodies: the split of the input must not change what is decoded. The first byte chooses
// the split.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/chunk_decoder.hpp"

namespace {

struct Decoded {
  std::string body, trailers;
  bool done = false, failed = false;
  std::size_t used = 0;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(const std::string& text, std::size_t step) {
  tykpp::http::ChunkDecoder decoder;
  Decoded out;
  for (std::size_t at = 0; at < text.size() && !decoder.done(); at += step) {
    std::string piece = text.substr(at, step);
    std::size_t consumed = 0;
    const auto size = decoder.decode(piece.data(), piece.size(), consumed);
    if (!size) {
      out = {};
      out.failed = true;
      return out;
    }
    if (consumed > piece.size() || *size > consumed) std::abort();
    out.body += piece.substr(0, *size);
    out.used += consumed;
  }
  out.done = decoder.done();
  out.trailers = decoder.trailers();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (decode(text, text.size() + 1) != decode(text, data[0] % 17U + 1U)) std::abort();
  return 0;
}
