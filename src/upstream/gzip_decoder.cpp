#include "upstream/gzip_decoder.hpp"

namespace tykpp::upstream {

GzipDecoder::GzipDecoder() {
  constexpr int kGzipOnly = 16;
  inflateInit2(&stream_, MAX_WBITS + kGzipOnly);
}

GzipDecoder::~GzipDecoder() { inflateEnd(&stream_); }

Result<std::size_t> GzipDecoder::decode(std::string_view& input, std::span<char> out) {
  stream_.next_out = reinterpret_cast<Bytef*>(out.data());
  stream_.avail_out = static_cast<uInt>(out.size());
  while (!input.empty() || !complete_) {
    if (complete_ && !input.empty()) {
      inflateReset(&stream_);
      complete_ = false;
    }
    const std::size_t before = input.size();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(before);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    input.remove_prefix(before - stream_.avail_in);
    if (code == Z_STREAM_END) {
      complete_ = true;
      if (stream_.avail_out == 0) break;
      continue;
    }
    if (code != Z_OK && code != Z_BUF_ERROR) {
      return Error(Errc::kUpstreamProtocol, Side::kUpstream, 500, "malformed gzip body");
    }
    break;  // out of room or out of input
  }
  return out.size() - stream_.avail_out;
}

}  // namespace tykpp::upstream
