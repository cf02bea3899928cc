#include "http/chunk_decoder.hpp"

#include <algorithm>
#include <cstring>

#include "base/ascii.hpp"
#include "base/text.hpp"
#include "http/header_name.hpp"

namespace tykpp::http {
namespace {

Error bad(const char* what) {
  return Error(Errc::kBadRequest, Side::kClient, 400, std::string("chunked body: ") + what);
}

/// Fields that frame, route or authorise a message have no business behind it (RFC 9110
/// section 6.5.1).
bool allowedInTrailer(HeaderId id) noexcept {
  switch (id) {
    case HeaderId::kContentLength:
    case HeaderId::kHost:
    case HeaderId::kAuthorization:
    case HeaderId::kCookie:
    case HeaderId::kSetCookie:
    case HeaderId::kContentType:
    case HeaderId::kContentEncoding:
    case HeaderId::kExpect:
    case HeaderId::kXForwardedFor:
    case HeaderId::kXTykAuthorization:
      return false;
    default:
      return !isHopByHop(id);
  }
}

}  // namespace

void ChunkDecoder::reset() { *this = ChunkDecoder(); }

Result<std::size_t> ChunkDecoder::decode(char* data, std::size_t size, std::size_t& consumed) {
  std::size_t out = 0;
  std::size_t at = 0;
  while (at < size && state_ != State::kDone) {
    if (state_ == State::kData) {
      const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(left_, size - at));
      if (out != at) std::memmove(data + out, data + at, piece);
      out += piece;
      at += piece;
      left_ -= piece;
      if (left_ == 0) state_ = State::kDataCr;
      continue;
    }
    if (auto ok = step(data[at]); !ok) return ok.error();
    ++at;
  }
  consumed = at;
  return out;
}

Result<void> ChunkDecoder::step(char c) {
  switch (state_) {
    case State::kSizeStart:
      if (hexValue(c) < 0) {
        // A sign or a space is a number to lenient parsers, so another server may read on where we
        // stop; anything else is a body nobody can read.
        if (c == '+' || c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';')
          return bad("bad size");
        return Error(Errc::kBodyUnreadable, Side::kClient, 500,
                     "There was a problem with reading Body of the Request.");
      }
      left_ = 0;
      digits_ = 0;
      extension_bytes_ = 0;
      state_ = State::kSize;
      [[fallthrough]];
    case State::kSize:
      if (const int value = hexValue(c); value >= 0) {
        if (++digits_ > 16) return bad("size too large");
        left_ = left_ * 16 + static_cast<unsigned>(value);
        return {};
      }
      if (left_ > (std::uint64_t{1} << 62)) return bad("size too large");
      if (c == ';') {
        state_ = State::kExtension;
      } else if (c == '\r') {
        state_ = State::kSizeLf;
      } else {
        return bad("bad size");
      }
      return {};
    case State::kExtension:
      if (c == '\r') {
        state_ = State::kSizeLf;
      } else if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) {
        return bad("control character in an extension");
      } else if (++extension_bytes_ > kMaxExtensionBytes) {
        return bad("extension too long");
      }
      return {};
    case State::kSizeLf:
      if (c != '\n') return bad("CR without LF");
      state_ = left_ == 0 ? State::kTrailerStart : State::kData;
      return {};
    case State::kDataCr:
      if (c != '\r') return bad("data longer than its size");
      state_ = State::kDataLf;
      return {};
    case State::kDataLf:
      if (c != '\n') return bad("CR without LF");
      state_ = State::kSizeStart;
      return {};
    case State::kTrailerStart:
      if (c == '\r') {
        state_ = State::kEndLf;
        return {};
      }
      line_.clear();
      state_ = State::kTrailer;
      [[fallthrough]];
    case State::kTrailer:
      if (c == '\r') {
        state_ = State::kTrailerLf;
        return {};
      }
      if (++trailer_bytes_ > kMaxTrailerBytes) return bad("trailers too long");
      line_ += c;
      return {};
    case State::kTrailerLf:
      if (c != '\n') return bad("CR without LF");
      state_ = State::kTrailerStart;
      return endOfTrailerLine();
    case State::kEndLf:
      if (c != '\n') return bad("CR without LF");
      state_ = State::kDone;
      return {};
    case State::kData:
    case State::kDone:
      break;
  }
  return {};
}

Result<void> ChunkDecoder::endOfTrailerLine() {
  const std::size_t colon = line_.find(':');
  const std::string_view name = std::string_view(line_).substr(0, colon);
  if (colon == std::string::npos || !isToken(name) ||
      !isFieldValue(std::string_view(line_).substr(colon + 1))) {
    return bad("malformed trailer");
  }
  if (allowedInTrailer(internHeader(name))) trailers_ += line_ + "\r\n";
  return {};
}

}  // namespace tykpp::http
