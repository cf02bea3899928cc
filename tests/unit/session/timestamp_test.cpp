#include "session/timestamp.hpp"

#include <gtest/gtest.h>

namespace tykpp::session {
namespace {

TEST(Timestamp, WritesWhatItReads) {
  for (const char* text :
       {"2026-01-02T15:04:05.123456789Z", "2026-01-02T15:04:05Z", "2026-01-02T15:04:05.1Z",
        "2026-11-21T23:59:59.000000001+02:00", "1999-12-31T00:00:00-11:30", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z", "2024-02-29T12:00:00Z", "1969-12-31T23:59:59.5Z"}) {
    const auto time = Timestamp::parse(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(time->text(), text);
  }
}

TEST(Timestamp, ShortensFractionsAndZones) {
  EXPECT_EQ(Timestamp::parse("2026-01-02T15:04:05.1000Z")->text(), "2026-01-02T15:04:05.1Z");
  EXPECT_EQ(Timestamp::parse("2026-01-02T15:04:05.1234567899Z")->text(),
            "2026-01-02T15:04:05.123456789Z");
  EXPECT_EQ(Timestamp::parse("2026-01-02T15:04:05+00:00")->text(), "2026-01-02T15:04:05Z");
}

TEST(Timestamp, CountsFromTheEpoch) {
  EXPECT_EQ(Timestamp::parse("1970-01-01T00:00:01Z")->seconds, 1);
  EXPECT_EQ(Timestamp::parse("2026-01-02T15:04:05Z")->seconds, 1767366245);
  EXPECT_EQ(Timestamp::parse("2026-01-02T16:04:05+01:00")->seconds, 1767366245);
}

TEST(Timestamp, KnowsTheZeroTimeInEachZone) {
  EXPECT_TRUE(Timestamp{}.isZero());
  EXPECT_EQ(Timestamp{}.text(), "0001-01-01T00:00:00Z");
  EXPECT_TRUE(Timestamp::parse("0001-01-01T01:00:00+01:00")->isZero());
  EXPECT_FALSE(Timestamp::parse("0001-01-01T00:00:00.5Z")->isZero());
}

TEST(Timestamp, RefusesOtherText) {
  for (const char* text : {"", "now", "2026-01-02", "2026-01-02 15:04:05Z", "2026-01-02T15:04:05",
                           "2026-13-02T15:04:05Z", "2026-02-30T15:04:05Z", "2026-01-02T24:04:05Z",
                           "2026-01-02T15:60:05Z", "2026-01-02T15:04:05.Z",
                           "2026-01-02T15:04:05,5Z", "2026-01-02T15:04:05Zx", "2026-01-02T5:04:05Z",
                           "2026-01-02T15:04:05+1:00", "2026-01-02T15:04:05+01:60"}) {
    EXPECT_FALSE(Timestamp::parse(text)) << text;
  }
}

}  // namespace
}  // namespace tykpp::session
