#include "bundle/manifest.hpp"

#include <gtest/gtest.h>

namespace tykpp::bundle {
namespace {

Result<Manifest> parse(std::string_view text) { return parseManifest(text, 3); }
std::string manifestError(std::string_view text) {
  const auto manifest = parse(text);
  return manifest ? "accepted" : manifest.error().message();
}

TEST(Manifest, GivesFilesChecksumAndSignature) {
  const auto manifest = parse(
      R"({"file_list":["b.py","./lib//a.py"],"custom_middleware":{},"checksum":"c","signature":"s"})");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->files, (std::vector<std::string>{"b.py", "lib/a.py"}));
  EXPECT_EQ(manifest->checksum, "c");
  EXPECT_EQ(manifest->signature, "s");
}

TEST(Manifest, NullsAndAbsentMembersAreEmpty) {
  const auto manifest = parse(R"({"file_list":null,"custom_middleware":{},"signature":null})");
  ASSERT_TRUE(manifest);
  EXPECT_TRUE(manifest->files.empty());
  EXPECT_TRUE(manifest->signature.empty());
}

TEST(Manifest, SaysWhereTheJsonIsBroken) {
  EXPECT_NE(manifestError("{not json").find("line 1, column 3"), std::string::npos)
      << manifestError("{not json");
}

TEST(Manifest, AnErrorStaysShortWhateverTheInput) {
  EXPECT_LT(manifestError("{" + std::string(1000000, 'x')).size(), 500U);
  EXPECT_LT(manifestError(R"({"a":")" + std::string(1000000, 'x')).size(), 500U);
}

TEST(Manifest, RefusesWrongTypes) {
  EXPECT_EQ(manifestError("[]"), "manifest.json is no JSON object");
  EXPECT_EQ(manifestError(R"({"file_list":"a"})"), "manifest.json: file_list is no list");
  EXPECT_EQ(manifestError(R"({"file_list":[1]})"),
            "manifest.json: file_list has an element that is no text");
  EXPECT_EQ(manifestError(R"({"checksum":1})"), "manifest.json: checksum is no text");
  EXPECT_EQ(manifestError(R"({"signature":{}})"), "manifest.json: signature is no text");
  EXPECT_EQ(manifestError(R"({"sha256":[]})"), "manifest.json: sha256 is no object");
  EXPECT_EQ(manifestError(R"({"file_list":[]})"), "manifest.json has no custom_middleware object");
  EXPECT_EQ(manifestError(R"({"custom_middleware":[]})"),
            "manifest.json has no custom_middleware object");
}

TEST(Manifest, RefusesTooManyFilesAndEqualOnes) {
  EXPECT_EQ(manifestError(R"({"file_list":["a","b","c","d"]})"),
            "manifest.json: file_list names more than 3 files");
  EXPECT_EQ(manifestError(R"({"file_list":["a","./a"]})"),
            "manifest.json: file_list names a file twice: ./a");
}

TEST(Manifest, RefusesDeepAndLargeJson) {
  EXPECT_EQ(manifestError(std::string(1000, '[')), "manifest.json nests too deeply");
  EXPECT_EQ(manifestError(std::string(kMaxManifestBytes + 1, ' ')), "manifest.json is too large");
}

TEST(Manifest, RefusesNamesThatLeaveTheBundle) {
  for (const char* name :
       {"/etc/passwd", "../a", "a/../../b", "a/..", "..", ".", "", "a\\b", "a\nb", "C:\\a", "//a"})
    EXPECT_FALSE(safeName(name)) << name;
  EXPECT_FALSE(safeName(std::string_view("a\0b", 3)));
  EXPECT_FALSE(safeName(std::string(256, 'a')));
  EXPECT_FALSE(safeName(std::string(2000, 'a')));
  EXPECT_NE(manifestError(R"({"file_list":["../../etc/passwd"]})").find("invalid file path"),
            std::string::npos);
}

TEST(Manifest, KeepsOddButSafeNames) {
  EXPECT_EQ(safeName("..a/b..c/...").value(), "..a/b..c/...");
  EXPECT_EQ(safeName("a b/ü.py").value(), "a b/ü.py");
  EXPECT_EQ(safeName("folder/").value(), "folder");
}

}  // namespace
}  // namespace tykpp::bundle
