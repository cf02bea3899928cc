#include "http/chunk_decoder.hpp"

#include <gtest/gtest.h>

namespace tykpp::http {
namespace {

struct Decoded {
  std::string body;
  std::string rest;
  std::string trailers;
  bool done = false;
  bool failed = false;
  Errc code = Errc::kInternal;
};

/// Decodes a text that arrives in pieces of `step` bytes.
Decoded decode(std::string text, std::size_t step) {
  ChunkDecoder decoder;
  Decoded out;
  for (std::size_t at = 0; at < text.size() && !decoder.done(); at += step) {
    std::string piece = text.substr(at, step);
    std::size_t consumed = 0;
    const auto size = decoder.decode(piece.data(), piece.size(), consumed);
    if (!size) {
      out.failed = true;
      out.code = size.error().code();
      return out;
    }
    out.body += piece.substr(0, *size);
    if (decoder.done())
      out.rest = piece.substr(consumed) + text.substr(std::min(text.size(), at + step));
  }
  out.done = decoder.done();
  out.trailers = decoder.trailers();
  return out;
}

TEST(ChunkDecoder, ReadsTheSameWhateverTheSplit) {
  const std::string text = "5\r\nhello\r\n6;ext=\"a;b\"\r\n world\r\n0\r\nX-T: 1\r\n\r\nNEXT";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const Decoded out = decode(text, step);
    EXPECT_TRUE(out.done) << step;
    EXPECT_EQ(out.body, "hello world") << step;
    EXPECT_EQ(out.rest, "NEXT") << step;
    EXPECT_EQ(out.trailers, "X-T: 1\r\n") << step;
  }
}

TEST(ChunkDecoder, TakesHexInBothCasesAndLeadingZeros) {
  EXPECT_EQ(decode("000A\r\n0123456789\r\n0\r\n\r\n", 64).body, "0123456789");
  EXPECT_EQ(decode("a\r\n0123456789\r\n000\r\n\r\n", 64).body, "0123456789");
}

TEST(ChunkDecoder, RefusesFramingThatOthersReadInAnotherWay) {
  for (const std::string text :
       {"+5\r\nhello\r\n0\r\n\r\n", "-1\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n",
        "0x5\r\nhello\r\n", "5\nhello\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhelloX\r\n",
        "5\r\nhell\r\n0\r\n\r\n", "11111111111111111\r\n", "ffffffffffffffff\r\n",
        "5;a\nb\r\nhello\r\n", "5\rhello", "\r\n5\r\nhello\r\n", ";\r\n",
        "0\r\nbad trailer\r\n\r\n", "0\r\nX : 1\r\n\r\n", "0\r\n\rX", "5_0\r\nhello\r\n"}) {
    const Decoded out = decode(text, 64);
    EXPECT_TRUE(out.failed) << text;
    EXPECT_EQ(out.code, Errc::kBadRequest) << text;
  }
}

TEST(ChunkDecoder, TellsAnUnreadableBodyFromAnAmbiguousOne) {
  const Decoded out = decode("zz\r\nhello\r\n0\r\n\r\n", 64);
  EXPECT_TRUE(out.failed);
  EXPECT_EQ(out.code, Errc::kBodyUnreadable);
}

TEST(ChunkDecoder, DropsTrailersThatMustNotBeTrailers) {
  const Decoded out =
      decode("0\r\nContent-Length: 5\r\nHost: x\r\nAuthorization: y\r\nX-Sum: 1\r\n\r\n", 64);
  EXPECT_TRUE(out.done);
  EXPECT_EQ(out.trailers, "X-Sum: 1\r\n");
}

TEST(ChunkDecoder, LimitsTrailersAndExtensions) {
  EXPECT_TRUE(decode("0\r\nX: " + std::string(ChunkDecoder::kMaxTrailerBytes, 'x'), 4096).failed);
  EXPECT_TRUE(decode("1;" + std::string(ChunkDecoder::kMaxExtensionBytes + 2, 'x'), 4096).failed);
}

}  // namespace
}  // namespace tykpp::http
