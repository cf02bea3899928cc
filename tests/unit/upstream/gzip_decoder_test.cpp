#include "upstream/gzip_decoder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "definition/upstream_trust.hpp"
#include "upstream/endpoint.hpp"

namespace tykpp::upstream {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::vector<char> out(text.size() + 100);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  const std::size_t size = out.size() - stream.avail_out;
  deflateEnd(&stream);
  return {out.data(), size};
}

/// Decodes input that comes in pieces into a small buffer.
Result<std::string> decode(const std::string& packed, std::size_t step, bool& complete) {
  GzipDecoder decoder;
  std::string out;
  char room[100];
  for (std::size_t at = 0; at < packed.size(); at += step) {
    std::string_view input = std::string_view(packed).substr(at, step);
    for (;;) {
      const auto size = decoder.decode(input, room);
      if (!size) return size.error();
      out.append(room, *size);
      if (*size < sizeof room && input.empty()) break;
    }
  }
  complete = decoder.complete();
  return out;
}

TEST(GzipDecoder, UnpacksWhateverTheSplit) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "line " + std::to_string(i) + "\n";
  const std::string packed = gzip(text) + gzip("second member");
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    bool complete = false;
    const auto out = decode(packed, step, complete);
    ASSERT_TRUE(out);
    EXPECT_TRUE(*out == text + "second member") << step;
    EXPECT_TRUE(complete);
  }
}

TEST(GzipDecoder, KnowsThatABodyIsCut) {
  const std::string packed = gzip("some text that is long enough to be cut in two");
  bool complete = true;
  const auto out = decode(packed.substr(0, packed.size() - 4), 64, complete);
  ASSERT_TRUE(out);
  EXPECT_FALSE(complete);
}

TEST(GzipDecoder, RefusesWhatIsNoGzip) {
  bool complete = false;
  EXPECT_FALSE(decode("this is no gzip at all", 64, complete));
}

TEST(Endpoint, EqualTargetsShareOneAndDifferentOnesDoNot) {
  EndpointRegistry registry(2);
  definition::TargetUrl target;
  target.scheme = "http";
  target.host = "127.0.0.1";
  target.port = 80;
  const auto first = registry.get(target, {});
  const auto same = registry.get(target, {});
  ASSERT_TRUE(first && same);
  EXPECT_EQ(first->get(), same->get());
  EXPECT_NE((*first)->literal(), nullptr);
  target.scheme = "https";
  definition::UpstreamTls lax;
  lax.insecure_skip_verify = true;
  const auto strict = registry.get(target, {});
  const auto other = registry.get(target, lax);
  ASSERT_TRUE(strict && other);
  EXPECT_NE(strict->get(), first->get());
  EXPECT_NE(strict->get(), other->get())
      << "a verified connection must not serve an unverified target or the reverse";
}

TEST(Endpoint, IsAnotherOneWithAnotherCertificateOrKey) {
  EndpointRegistry registry(1);
  definition::TargetUrl target;
  target.scheme = "https";
  target.host = "h";
  target.port = 443;
  const definition::UpstreamTrust one = {{}, {{"h", "one"}}, {}, {}};
  const definition::UpstreamTrust pinned = {{}, {{"h", "one"}}, {}, {{"*", "k"}}};
  const auto plain = registry.get(target, {});
  const auto shown = registry.get(target, {}, &one);
  const auto both = registry.get(target, {}, &pinned);
  ASSERT_TRUE(plain && shown && both);
  EXPECT_EQ((*shown)->key().tls_options.client_certificate, "one");
  EXPECT_NE(plain->get(), shown->get());
  EXPECT_NE(shown->get(), both->get());
  EXPECT_EQ(registry.get(target, {}, &one)->get(), shown->get());
}

TEST(Endpoint, NamesWhatIsWrongWithTlsSettings) {
  EndpointRegistry registry(1);
  definition::TargetUrl target;
  target.scheme = "https";
  target.host = "h";
  target.port = 443;
  definition::UpstreamTls tls;
  tls.ciphers = {"TLS_NO_SUCH_SUITE"};
  auto got = registry.get(target, tls);
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().message().find("TLS_NO_SUCH_SUITE"), std::string::npos);
  EXPECT_EQ(got.error().where(), "/proxy/transport");
  tls = {};
  const definition::UpstreamTrust missing = {{}, {{"h", "/no/such/file.pem"}}, {}, {}};
  got = registry.get(target, tls, &missing);
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().message().find("/no/such/file.pem"), std::string::npos);
  EXPECT_EQ(got.error().where(), "/upstream_certificates");
  const definition::UpstreamTrust unknown = {{}, {}, {}, {{"h", "id,/no/such/key.pem"}}};
  got = registry.get(target, tls, &unknown);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().where(), "/pinned_public_keys");
  tls = {};
  tls.min_version = 5;
  EXPECT_FALSE(registry.get(target, tls));
}

}  // namespace
}  // namespace tykpp::upstream
