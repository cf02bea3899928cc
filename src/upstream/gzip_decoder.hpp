#pragma once
#include <zlib.h>

#include <span>
#include <string_view>

#include "base/error.hpp"

namespace tykpp::upstream {

/// Takes gzip off a stream, piece by piece (RFC 1952, several members in a row).
class GzipDecoder {
 public:
  GzipDecoder();
  ~GzipDecoder();
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  /// Decodes into `out` and takes what it used off the front of `input`.
  /// @return bytes written; 0 with an empty input: more input is needed @error kUpstreamProtocol
  Result<std::size_t> decode(std::string_view& input, std::span<char> out);
  /// A member has ended and nothing of another has begun: the stream may end here.
  bool complete() const noexcept { return complete_; }

 private:
  z_stream stream_{};
  bool complete_ = false;
};

}  // namespace tykpp::upstream
