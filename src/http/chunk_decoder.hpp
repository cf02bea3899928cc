#pragma once
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace tykpp::http {

/// Takes chunked framing off (RFC 9112 section 7.1), strictly: CRLF only, no spaces, sizes of at
/// most 16 digits. Works on any split of the input.
class ChunkDecoder {
 public:
  static constexpr std::size_t kMaxTrailerBytes = 16 * 1024;
  static constexpr std::size_t kMaxExtensionBytes = 4 * 1024;

  /// Decodes in place: the body bytes end up at the front of `data`.
  /// @param consumed  input bytes used; less than `size` only when the body has ended
  /// @return bytes of body, or kBadRequest (a lenient parser could read the framing in another way)
  /// or
  ///         kBodyUnreadable (no parser could read it)
  Result<std::size_t> decode(char* data, std::size_t size, std::size_t& consumed);
  bool done() const noexcept { return state_ == State::kDone; }
  /// Trailer lines with their CRLFs, validated, without those that must not be trailers. Complete
  /// when done().
  const std::string& trailers() const noexcept { return trailers_; }
  void reset();

 private:
  enum class State : std::uint8_t {
    kSizeStart,
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailer,
    kTrailerLf,
    kEndLf,
    kDone,
  };
  Result<void> step(char c);
  Result<void> endOfTrailerLine();
  State state_ = State::kSizeStart;
  std::uint64_t left_ = 0;
  unsigned digits_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::string line_;
  std::string trailers_;
};

}  // namespace tykpp::http
