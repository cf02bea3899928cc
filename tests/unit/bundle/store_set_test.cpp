// Several bundles in one name.

#include "unit/bundle/store_fixture.hpp"

namespace tykpp::bundle {
namespace {
using test::Recipe;

class StoreSet : public test::StoreTest {
 protected:
  StoreSet() {
    serve("a.zip", {.files = {{"pre.js", "a1"}}});
    serve("sub/b.zip", {.files = {{"pre.js", "b1"}}});
  }
  std::string text(const std::string& file) const {
    std::ifstream in(folderOf(kBoth) + "/" + file);
    std::string all;
    std::getline(in, all);
    return all;
  }
  std::string checksum() {
    const auto found = store().find(kBoth);
    return found ? found->content.checksum : found.error().message();
  }
  static constexpr const char* kBoth = "a.zip, sub/b.zip";
};

TEST_F(StoreSet, EachHasItsFolderInTheOneOfAll) {
  EXPECT_EQ(store().find(kBoth)->state, Found::State::kMissing);
  ASSERT_EQ(whyFetch(kBoth), "fetched");
  const auto found = store().find(kBoth);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, Found::State::kReady);
  EXPECT_EQ(found->content.folder, folderOf(kBoth));
  ASSERT_EQ(found->content.bundles.size(), 2U);
  EXPECT_EQ(found->content.bundles[0].part.name, "a.zip");
  EXPECT_EQ(found->content.bundles[0].part.folder, folderOf(kBoth) + "/a");
  EXPECT_EQ(found->content.bundles[1].part.name, "sub/b.zip");
  EXPECT_EQ(found->content.bundles[1].part.folder, folderOf(kBoth) + "/sub__b");
  EXPECT_EQ(text("a/pre.js"), "a1");
  EXPECT_EQ(text("sub__b/pre.js"), "b1");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(StoreSet, IsFetchedOnce) {
  ASSERT_EQ(whyFetch(kBoth), "fetched");
  EXPECT_EQ(fetch(kBoth).value(), Change::kNone);
  restart();
  EXPECT_EQ(store().find(kBoth)->state, Found::State::kReady);
  EXPECT_EQ(asked("/files/a.zip"), "1");
  EXPECT_EQ(asked("/files/sub/b.zip"), "1");
}

TEST_F(StoreSet, OneThatIsBadKeepsAllOut) {
  serve("sub/b.zip", {.checksum = "wrong"});
  EXPECT_EQ(whyFetch(kBoth), "Couldn't load bundle \"sub/b.zip\": invalid checksum");
  EXPECT_EQ(entries(), 0U);
  EXPECT_EQ(store().find(kBoth)->last_failure->message(),
            "Couldn't load bundle \"sub/b.zip\": invalid checksum");
  served_.write("sub/b.zip", "no zip");
  EXPECT_EQ(whyFetch(kBoth), "Couldn't save bundle \"sub/b.zip\": zip: not a valid zip file");
  EXPECT_EQ(entries(), 0U);
}

TEST_F(StoreSet, EachHasFiveTries) {
  useBase(server_.url("/flaky/4"));
  EXPECT_EQ(whyFetch(kBoth), "fetched");
  useBase(server_.url("/status"));
  restart();
  EXPECT_EQ(whyFetch("200, 404"), "Couldn't save bundle \"200\": zip: not a valid zip file");
  EXPECT_EQ(whyFetch("404, 200"), "Couldn't fetch bundle \"404\": HTTP Error, got status code 404");
}

TEST_F(StoreSet, WithoutTheDownloaderTheErrorNamesTheBundle) {
  config_.plugins.enable_bundle_downloader = false;
  EXPECT_EQ(whyFind(kBoth), "Couldn't fetch bundle \"a.zip\": Bundle downloader is disabled");
  EXPECT_EQ(whyFind(","), "the name has commas, but names no bundle");
  EXPECT_EQ(whyFetch(","), "Couldn't fetch bundle: the name has commas, but names no bundle");
}

TEST_F(StoreSet, OneThatIsGoneFromTheDiskIsFetchedAgainWithTheOthers) {
  ASSERT_EQ(whyFetch(kBoth), "fetched");
  std::filesystem::remove_all(folderOf(kBoth) + "/sub__b");
  EXPECT_EQ(store().find(kBoth)->state, Found::State::kMissing);
  EXPECT_EQ(fetch(kBoth).value(), Change::kNew);
  EXPECT_EQ(store().find(kBoth)->state, Found::State::kReady);
}

TEST_F(StoreSet, OneThatWasTamperedWithIsNamed) {
  useKey();
  serve("a.zip", {.key = &test::privateKey()});
  serve("sub/b.zip", {.key = &test::privateKey()});
  ASSERT_EQ(whyFetch(kBoth), "fetched");
  ASSERT_EQ(whyFind(kBoth), "found");
  work_.write("middleware/bundles/" + md5Hex(kBoth) + "/sub__b/pre.js", "changed");
  EXPECT_EQ(whyFind(kBoth), "Couldn't load bundle \"sub/b.zip\": invalid checksum");
}

TEST_F(StoreSet, IsRevalidatedAndRolledBackAsAWhole) {
  config_.plugins.bundle_revalidate = true;
  ASSERT_EQ(whyFetch(kBoth), "fetched");
  const std::string first = checksum();
  EXPECT_EQ(fetch(kBoth).value(), Change::kNone);
  EXPECT_EQ(asked("/files/a.zip"), "2");
  serve("sub/b.zip", {.files = {{"pre.js", "b second"}}});
  EXPECT_EQ(fetch(kBoth).value(), Change::kNew);
  EXPECT_EQ(text("a/pre.js"), "a1");
  EXPECT_EQ(text("sub__b/pre.js"), "b second");
  const std::string second = checksum();
  EXPECT_NE(second, first);
  ASSERT_TRUE(store().rollback(kBoth));
  EXPECT_EQ(checksum(), first);
  EXPECT_EQ(text("sub__b/pre.js"), "b1");
  EXPECT_EQ(fetch(kBoth).value(), Change::kNone) << "a rollback lasts";
  EXPECT_EQ(checksum(), first);
}

TEST_F(StoreSet, AfterARollbackAChangeOfOneBringsTheServersVersionOfAll) {
  config_.plugins.bundle_revalidate = true;
  ASSERT_EQ(whyFetch(kBoth), "fetched");
  serve("sub/b.zip", {.files = {{"pre.js", "b second"}}});
  ASSERT_EQ(fetch(kBoth).value(), Change::kNew);
  ASSERT_TRUE(store().rollback(kBoth));
  serve("a.zip", {.files = {{"pre.js", "a second"}}});
  EXPECT_EQ(fetch(kBoth).value(), Change::kNew);
  EXPECT_EQ(text("a/pre.js"), "a second");
  EXPECT_EQ(text("sub__b/pre.js"), "b second") << "not what was rolled back";
}

TEST_F(StoreSet, ABadNewVersionOfOneLeavesAllInPlace) {
  config_.plugins.bundle_revalidate = true;
  ASSERT_EQ(whyFetch(kBoth), "fetched");
  const std::string first = checksum();
  serve("a.zip", {.files = {{"pre.js", "a second"}}});
  serve("sub/b.zip", {.checksum = "wrong"});
  EXPECT_EQ(whyFetch(kBoth), "Couldn't load bundle \"sub/b.zip\": invalid checksum");
  EXPECT_EQ(checksum(), first);
}

TEST_F(StoreSet, AVersionFileThatSomebodyBrokeCountsAsNone) {
  config_.plugins.bundle_revalidate = true;
  ASSERT_EQ(whyFetch(kBoth), "fetched");
  for (const char* broken : {"", "x", "a\rb\nc\nd\ne\n"}) {
    work_.write("middleware/bundles/." + md5Hex(kBoth) + ".etag", broken);
    EXPECT_EQ(whyFetch(kBoth), "fetched") << broken;
  }
}

TEST_F(StoreSet, ComesFromFilesToo) {
  useBase("file://" + served_.path());
  EXPECT_EQ(whyFetch(kBoth), "fetched");
  EXPECT_EQ(text("sub__b/pre.js"), "b1");
}

TEST_F(StoreSet, WhatIsKnownOfOthersIsForgotten) {
  useBase(server_.url("/status"));
  EXPECT_NE(whyFetch("404"), "fetched");
  EXPECT_NE(whyFetch("403"), "fetched");
  store().keepOnly({"403"});
  EXPECT_FALSE(store().find("404")->last_failure);
  EXPECT_TRUE(store().find("403")->last_failure);
}

}  // namespace
}  // namespace tykpp::bundle
