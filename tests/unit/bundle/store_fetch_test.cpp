#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <thread>

#include "bundle/impl/settings.hpp"
#include "unit/bundle/store_fixture.hpp"

namespace tykpp::bundle {
namespace {
using test::Recipe;
using StoreFetch = test::StoreTest;

TEST_F(StoreFetch, PutsTheBundleInItsPlace) {
  serve("b.zip", {});
  EXPECT_EQ(fetch("b.zip").value(), Change::kNew);
  EXPECT_EQ(store().find("b.zip")->state, Found::State::kReady);
  EXPECT_EQ(entries(), 1U);
  struct stat status {};
  ASSERT_EQ(::stat(folderOf("b.zip").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  ASSERT_EQ(::stat((folderOf("b.zip") + "/lib").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(StoreFetch, DoesNotAskAgainForWhatIsThere) {
  serve("b.zip", {});
  ASSERT_TRUE(fetch("b.zip"));
  EXPECT_EQ(fetch("b.zip").value(), Change::kNone);
  EXPECT_EQ(asked("/files/b.zip"), "1");
}

TEST_F(StoreFetch, CleansThePathAndEscapesTheName) {
  useBase(server_.url("/x/../files//"));
  serve("sub/my bundle.zip", {});
  EXPECT_EQ(whyFetch("sub/./my bundle.zip"), "fetched");
  EXPECT_EQ(asked("/files/sub/my%2520bundle.zip"), "1");
}

TEST_F(StoreFetch, ShowsNoCredentials) {
  const auto source = locate("https://user:secret@host/path?token=secret", "b.zip");
  EXPECT_EQ(source->location, "https://user:secret@host/path/b.zip?token=secret");
  EXPECT_EQ(source->shown, "https://host/path/b.zip");
}

TEST_F(StoreFetch, ReadsFiles) {
  serve("b.zip", {});
  useBase("file://" + served_.path());
  EXPECT_EQ(whyFetch("b.zip"), "fetched");
  EXPECT_NE(whyFetch("absent.zip").find("Couldn't fetch bundle: "), std::string::npos);
}

TEST_F(StoreFetch, GivesUpAfterFiveTriesOfAnErrorStatus) {
  useBase(server_.url("/status"));
  EXPECT_EQ(whyFetch("404"), "Couldn't fetch bundle: HTTP Error, got status code 404");
  EXPECT_EQ(asked("/status/404"), "5");
}

TEST_F(StoreFetch, ComesThroughWhenTheServerRecovers) {
  serve("b.zip", {});
  useBase(server_.url("/flaky/4"));
  EXPECT_EQ(whyFetch("b.zip"), "fetched");
  useBase(server_.url("/broken/3"));
  restart();
  serve("c.zip", {});
  EXPECT_EQ(whyFetch("c.zip"), "fetched");
  EXPECT_EQ(asked("/broken/3/c.zip"), "4");
}

TEST_F(StoreFetch, DoesNotTryAgainWhatCannotChange) {
  useBase(server_.url(""));
  EXPECT_EQ(whyFetch("loop"),
            "Couldn't fetch bundle: Error getting bundle: stopped after 10 redirects");
  config_.plugins.bundle_max_size = 100;
  restart();
  serve("b.zip", {});
  useBase(server_.url("/files"));
  EXPECT_EQ(whyFetch("b.zip"),
            "Couldn't fetch bundle: Error getting bundle: the answer is longer than 100 bytes");
  EXPECT_EQ(asked("/files/b.zip"), "1");
}

TEST_F(StoreFetch, RemembersTheFailureUntilItIsOver) {
  useBase(server_.url("/flaky/5"));
  serve("b.zip", {});
  EXPECT_EQ(whyFetch("b.zip"), "Couldn't fetch bundle: HTTP Error, got status code 503");
  EXPECT_EQ(store().find("b.zip")->last_failure->message(),
            "Couldn't fetch bundle: HTTP Error, got status code 503");
  EXPECT_EQ(whyFetch("b.zip"), "fetched");
  EXPECT_FALSE(store().find("b.zip")->last_failure);
}

TEST_F(StoreFetch, TwoCallsShareOneDownload) {
  serve("b.zip", {});
  auto one = start("b.zip");
  auto two = start("b.zip");
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
  EXPECT_EQ(asked("/files/b.zip"), "1");
}

TEST_F(StoreFetch, FetchesManyWithBoundedDownloads) {
  std::vector<std::future<Result<Change>>> all;
  for (int i = 0; i < 20; ++i) serve(std::to_string(i), {});
  for (int i = 0; i < 20; ++i) all.push_back(start(std::to_string(i)));
  for (auto& one : all) EXPECT_EQ(one.get().value(), Change::kNew);
}

TEST_F(StoreFetch, LeavesNothingOfABadBundle) {
  served_.write("nozip.zip", "this is no archive");
  EXPECT_EQ(whyFetch("nozip.zip"), "Couldn't save bundle: zip: not a valid zip file");
  served_.write("cut.zip", test::pack({}).substr(0, 200));
  EXPECT_EQ(whyFetch("cut.zip"), "Couldn't save bundle: zip: not a valid zip file");
  served_.write("noman.zip", writeArchive({{"a.js", "1"}}).value());
  EXPECT_EQ(whyFetch("noman.zip"), "Couldn't load bundle: the bundle has no manifest.json");
  served_.write("badman.zip", writeArchive({{"manifest.json", "{not json"}}).value());
  EXPECT_EQ(whyFetch("badman.zip").rfind("Couldn't load bundle: manifest.json is no valid", 0), 0U);
  serve("lack.zip", {.listed_only = {"absent.js"}});
  EXPECT_EQ(
      whyFetch("lack.zip"),
      "Couldn't load bundle: the bundle lacks a file of its file_list: absent.js: No such file "
      "or directory");
  serve("sum.zip", {.checksum = "wrong"});
  EXPECT_EQ(whyFetch("sum.zip"), "Couldn't load bundle: invalid checksum");
  EXPECT_EQ(entries(), 0U);
}

TEST_F(StoreFetch, WithAKeyOnlySignedContentComesIn) {
  useKey();
  serve("good.zip", {.key = &test::privateKey()});
  EXPECT_EQ(whyFetch("good.zip"), "fetched");
  serve("unsigned.zip", {});
  EXPECT_EQ(whyFetch("unsigned.zip"), "Couldn't load bundle: Bundle isn't signed");
  const KeyPair other = generateKeyPair(2048).value();
  const PrivateKey other_key = PrivateKey::parse(other.private_pem).value();
  serve("other.zip", {.key = &other_key});
  EXPECT_EQ(whyFetch("other.zip"), "Couldn't load bundle: crypto/rsa: verification error");
  serve("extra.zip", {.unlisted = {{"evil.js", "x"}}, .key = &test::privateKey()});
  EXPECT_EQ(whyFetch("extra.zip"),
            "Couldn't load bundle: the bundle is signed, but has a file that file_list does not "
            "name: evil.js");
}

TEST_F(StoreFetch, WithoutAKeyFilesThatAreNotListedComeAlong) {
  serve("b.zip", {.unlisted = {{"README", "x"}}});
  EXPECT_EQ(whyFetch("b.zip"), "fetched");
  EXPECT_TRUE(std::filesystem::exists(folderOf("b.zip") + "/README"));
}

TEST_F(StoreFetch, AnUnpackedBundleAboveTheLimitIsRefused) {
  config_.plugins.bundle_max_unpacked_size = 1 << 20;
  serve("b.zip", {.files = {{"zeros", std::string(2 << 20, '\0')}}});
  EXPECT_EQ(whyFetch("b.zip"),
            "Couldn't save bundle: the archive unpacks to more than 1048576 bytes");
}

TEST_F(StoreFetch, AFullDiskIsAnErrorAndLeavesNothing) {
  std::filesystem::create_directories(work_.file("middleware/bundles"));
  // A file system of 128 KiB that this thread and those it starts see, and nobody else.
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, "") != 0 ||
      ::mount("none", work_.file("middleware").c_str(), "tmpfs", 0, "size=128k") != 0)
    GTEST_SKIP() << "may not mount";
  serve("b.zip", {.files = {{"large", std::string(1 << 20, '\0')}}});
  EXPECT_EQ(whyFetch("b.zip"), "Couldn't save bundle: can't write: No space left on device");
  EXPECT_EQ(entries(), 0U);
  serve("c.zip", {});
  EXPECT_EQ(whyFetch("c.zip"), "fetched");
  restart();
  EXPECT_EQ(::umount(work_.file("middleware").c_str()), 0);
}

TEST_F(StoreFetch, AFolderThatCannotBeMadeIsAnError) {
  work_.write("middleware", "a file in the way");
  serve("b.zip", {});
  EXPECT_EQ(whyFetch("b.zip").rfind("Couldn't create bundle directory: ", 0), 0U)
      << whyFetch("b.zip");
}

TEST_F(StoreFetch, ClearsWhatADeadProcessLeftBehind) {
  work_.write("middleware/bundles/.unpack-old/a.js", "x");
  work_.write("middleware/bundles/.unpack-fresh/a.js", "x");
  std::filesystem::last_write_time(
      work_.file("middleware/bundles/.unpack-old"),
      std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  store();
  EXPECT_FALSE(std::filesystem::exists(work_.file("middleware/bundles/.unpack-old")));
  EXPECT_TRUE(std::filesystem::exists(work_.file("middleware/bundles/.unpack-fresh")))
      << "another gateway may be busy with it";
}

TEST_F(StoreFetch, RunsNoCallbackOnceItIsDestroyed) {
  useBase(server_.url(""));
  auto kept = std::make_shared<int>(0);
  std::atomic<int> calls = 0;
  for (const char* name : {"hang", "hang?2", "hang?3"})
    store().fetch(name, [kept, &calls](Result<Change>) { ++calls; });
  restart();
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_EQ(calls, 0);
}

using StoreRevalidate = test::StoreTest;

TEST_F(StoreRevalidate, AsksWithTheEtagAndKeepsWhatDidNotChange) {
  config_.plugins.bundle_revalidate = true;
  serve("b.zip", {});
  EXPECT_EQ(fetch("b.zip").value(), Change::kNew);
  const auto found = store().find("b.zip");
  EXPECT_TRUE(found->revalidate);
  EXPECT_EQ(fetch("b.zip").value(), Change::kNone);
  EXPECT_EQ(asked("/files/b.zip"), "2");
  EXPECT_EQ(store().find("b.zip")->content.checksum, found->content.checksum);
}

TEST_F(StoreRevalidate, SwapsWhatChangedAndKeepsTheOneBefore) {
  config_.plugins.bundle_revalidate = true;
  serve("b.zip", {});
  ASSERT_TRUE(fetch("b.zip"));
  const std::string first = store().find("b.zip")->content.checksum;
  serve("b.zip", {.files = {{"pre.js", "second"}}});
  EXPECT_EQ(fetch("b.zip").value(), Change::kNew);
  EXPECT_NE(store().find("b.zip")->content.checksum, first);
  EXPECT_TRUE(std::filesystem::exists(folderOf("b.zip") + ".1/lib/a.js"));
  serve("b.zip", {.files = {{"pre.js", "third"}}});
  EXPECT_EQ(fetch("b.zip").value(), Change::kNew);
  EXPECT_EQ(entries(), 3U) << "the bundle, the one before it, and what the server said";
}

TEST_F(StoreRevalidate, ARollbackHoldsUntilTheServerHasSomethingNewer) {
  config_.plugins.bundle_revalidate = true;
  serve("b.zip", {});
  ASSERT_TRUE(fetch("b.zip"));
  const std::string first = store().find("b.zip")->content.checksum;
  serve("b.zip", {.files = {{"pre.js", "second"}}});
  ASSERT_TRUE(fetch("b.zip"));
  ASSERT_TRUE(store().rollback("b.zip"));
  EXPECT_EQ(store().find("b.zip")->content.checksum, first);
  restart();
  EXPECT_EQ(fetch("b.zip").value(), Change::kNone);
  EXPECT_EQ(store().find("b.zip")->content.checksum, first);
  serve("b.zip", {.files = {{"pre.js", "third"}}});
  EXPECT_EQ(fetch("b.zip").value(), Change::kNew);
}

TEST_F(StoreRevalidate, ABadNewVersionLeavesTheOldInPlace) {
  config_.plugins.bundle_revalidate = true;
  serve("b.zip", {});
  ASSERT_TRUE(fetch("b.zip"));
  const std::string first = store().find("b.zip")->content.checksum;
  serve("b.zip", {.checksum = "wrong"});
  EXPECT_EQ(whyFetch("b.zip"), "Couldn't load bundle: invalid checksum");
  const auto found = store().find("b.zip");
  EXPECT_EQ(found->content.checksum, first);
  EXPECT_EQ(found->last_failure->message(), "Couldn't load bundle: invalid checksum");
}

TEST_F(StoreRevalidate, NoticesEqualContentWithoutAnEtag) {
  config_.plugins.bundle_revalidate = true;
  serve("b.zip", {});
  useBase("file://" + served_.path());
  EXPECT_EQ(fetch("b.zip").value(), Change::kNew);
  EXPECT_EQ(fetch("b.zip").value(), Change::kNone);
}

}  // namespace
}  // namespace tykpp::bundle
