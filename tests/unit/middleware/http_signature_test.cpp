#include "middleware/http_signature.hpp"

#include <gtest/gtest.h>

#include "common/plugin_fixture.hpp"

namespace tykpp::middleware {
namespace {

TEST(HttpSignature, IsReadInAnyOrderAndSpacing) {
  const auto found = parseSignature(R"(Signature  keyId="a\"b" , signature="s=="algorithm)" +
                                    std::string(5, ' ') + R"(="x")");
  EXPECT_FALSE(found);  // fields are separated by commas
  const auto good = parseSignature(R"( signature signature="s==",KeyID = "a\"b", algorithm=x,)");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->key_id, "a\"b");
  EXPECT_EQ(good->algorithm, "x");
  EXPECT_EQ(good->signature, "s==");
  EXPECT_EQ(good->headers, std::vector<std::string>{"date"});
  const auto bare = parseSignature(R"(signature="s",headers="a  b")");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->signature, "s");
  EXPECT_EQ(bare->headers, (std::vector<std::string>{"a", "", "b"}));
}

TEST(HttpSignature, RefusesOtherText) {
  for (const char* text :
       {"Signature keyId", "hmac-client", "keyId=\"a", "keyId=\"a\\", "more=\"1\"", "=",
        "keyId==\"a\"", "\"a\"=b", "keyId=\"a\" algorithm=\"b\"", "\xff"})
    EXPECT_FALSE(parseSignature(text)) << text;
  EXPECT_TRUE(parseSignature(",,,"));
}

TEST(HttpSignature, IsOverLinesOfHeaders) {
  test::TestExchange on("POST", "/a%20b?c=d");
  http::Request& request = on.exchange.request();
  request.headers.add("X-One", " 1 ");
  request.headers.add("X-One", "2");
  EXPECT_EQ(
      signedText(request, {"(request-target)", "X-One", "host", "none", "date"}, request.path),
      "(request-target): post /a b\nx-one: 1\nhost: \nnone: \n: ");
  request.headers.add("Date", "then");
  EXPECT_EQ(signedText(request, {"date"}, "/"), "date: then");
  request.headers.add("X-Aux-Date", "now");
  EXPECT_EQ(signedText(request, {"Date"}, "/"), "x-aux-date: now");
  EXPECT_EQ(dateOf(request), "now");
}

TEST(HttpSignature, IsBase64InAQuery) {
  const std::string date = "date: Mon, 05 Jan 2026 10:00:00 GMT";
  EXPECT_EQ(hmacSignature("hmac-sha256", "shared-secret", date),
            "%2By%2B3Jefa7acpggBpNvWVJ%2B2JjnVAEuWyC4E%2FN5%2BZdAw%3D");
  EXPECT_EQ(hmacSignature("hmac-sha1", "shared-secret", date), "zb%2BLfSJSkpolkab1kVMjzOQitFo%3D");
  EXPECT_EQ(hmacSignature("other", "shared-secret", date), "zb%2BLfSJSkpolkab1kVMjzOQitFo%3D");
  EXPECT_EQ(hmacSignature("hmac-sha1", "", date), "");
  EXPECT_EQ(upperEscapes("a%2bb%3"), "a%2Bb%3");
}

TEST(HttpDate, HasAZoneByNameOrHours) {
  EXPECT_EQ(parseHttpDate("Mon, 05 Jan 2026 10:00:00 GMT"), 1767607200);
  EXPECT_EQ(parseHttpDate("Mon, 05 Jan 2026 10:00:00 CEST"), 1767607200);
  EXPECT_EQ(parseHttpDate("Mon, 05 Jan 2026 10:00:00 +01"), 1767603600);
  EXPECT_EQ(parseHttpDate("Mon, 05 Jan 2026 10:00:00 -01"), 1767610800);
  for (const char* text :
       {"", "M", "now", "Mon, 5 Jan 2026 10:00:00 GMT", "Mon, 05 Jan 2026 10:00:00",
        "Mon, 05 Jan 2026 10:00:00 ", "Mon, 05 Jan 2026 25:00:00 GMT",
        "Mon, 05 Foo 2026 10:00:00 GMT", "Mon, 05 Jan 2026 10:00:00 +0100", "2026-01-05T10:00:00Z",
        "Mon, 05 Jan 2026 10:00:00 gmt"})
    EXPECT_FALSE(parseHttpDate(text)) << text;
}

}  // namespace
}  // namespace tykpp::middleware
