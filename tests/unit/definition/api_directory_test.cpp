#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "definition/api_loader.hpp"
#include "unit/definition/definitions.hpp"
#include "unit/definition/temp_dir.hpp"

namespace tykpp::definition {
namespace {

using nlohmann::json;
using test::classicDefinition;
using test::oasDefinition;
using test::shown;
using test::with;

class ApiDirectoryTest : public ::testing::Test {
 protected:
  LoadResult load(const ApiList* previous = nullptr) {
    return directory_.load(dir_.path(), config_, previous);
  }
  void write(std::string_view name, const json& definition) { dir_.write(name, definition.dump()); }
  /// Makes the file look as if it had been written long ago, so that its stamp alone tells it is
  /// unchanged.
  void age(std::string_view name) {
    timespec times[2] = {{1'600'000'000 + ++age_, 0}, {1'600'000'000 + age_, 0}};
    ::utimensat(AT_FDCWD, dir_.file(name).c_str(), times, 0);
  }
  static std::shared_ptr<const ApiSpec> find(const LoadResult& result, std::string_view id) {
    for (const auto& api : result.apis) {
      if (api->api_id == id) return api;
    }
    return nullptr;
  }

  test::TempDir dir_;
  ApiDirectory directory_;
  GatewayConfig config_;
  int age_ = 0;
};

TEST_F(ApiDirectoryTest, LoadsJsonFilesInLexicalOrder) {
  write("b.json", classicDefinition("b", "/b/"));
  write("a.json", classicDefinition("a", "/a/"));
  write("c.json", oasDefinition("c", "/c/"));
  dir_.write("readme.txt", "x");
  const LoadResult result = load();
  ASSERT_EQ(result.apis.size(), 3U) << shown(result.problems);
  EXPECT_EQ(result.apis[0]->api_id, "a");
  EXPECT_EQ(result.apis[1]->api_id, "b");
  EXPECT_EQ(result.apis[2]->api_id, "c");
  EXPECT_TRUE(result.apis[2]->is_oas);
  EXPECT_TRUE(result.readable);
  EXPECT_EQ(result.files_read, 3U);
}

TEST_F(ApiDirectoryTest, TellsAboutEveryFileThatIsNoDefinition) {
  write("good.json", classicDefinition());
  dir_.write("broken.json", "{ \"api_id\": ");
  dir_.write("empty.json", "");
  ASSERT_EQ(::mkdir(dir_.file("folder.json").c_str(), 0755), 0);
  ASSERT_EQ(::mkfifo(dir_.file("pipe.json").c_str(), 0644), 0);
  ASSERT_EQ(::symlink("/nowhere", dir_.file("dangling.json").c_str()), 0);
  write("types.json", with(classicDefinition("types", "/types/"), "/active", "yes"));
  ASSERT_EQ(::truncate(dir_.write("huge.json", "{}").c_str(), 50LL * 1024 * 1024), 0);
  const LoadResult result = load();
  ASSERT_EQ(result.apis.size(), 1U);
  const std::string problems = shown(result.problems);
  for (const char* expected :
       {"broken.json : not valid JSON", "empty.json : not valid JSON",
        "folder.json : is a directory", "pipe.json : is not a regular file",
        "dangling.json : cannot be examined: No such file",
        "types.json /active: expected true or false", "larger than the limit of 16777216 bytes"}) {
    EXPECT_NE(problems.find(expected), std::string::npos) << expected << "\n" << problems;
  }
}

TEST_F(ApiDirectoryTest, TellsAboutAnUnreadableFile) {
  write("secret.json", classicDefinition());
  ::chmod(dir_.file("secret.json").c_str(), 0);
  if (::access(dir_.file("secret.json").c_str(), R_OK) == 0)
    GTEST_SKIP() << "this user may read everything";
  const LoadResult result = load();
  EXPECT_TRUE(result.apis.empty());
  EXPECT_NE(shown(result.problems).find("Permission denied"), std::string::npos);
}

TEST_F(ApiDirectoryTest, SaysWhenTheDirectoryIsNotThere) {
  const LoadResult result = directory_.load(dir_.file("missing"), config_, nullptr);
  EXPECT_FALSE(result.readable);
  EXPECT_EQ(test::errorCount(result.problems), 1U);
  EXPECT_TRUE(directory_.load("", config_, nullptr).readable);
}

TEST_F(ApiDirectoryTest, DoesNotReadUnchangedFilesAgain) {
  write("a.json", classicDefinition("a", "/a/"));
  dir_.write("bad.json", "{");
  std::this_thread::sleep_for(
      std::chrono::milliseconds(60));  // past the time in which stamps prove nothing
  const LoadResult first = load();
  EXPECT_EQ(first.files_read, 2U);
  const LoadResult second = load(&first.apis);
  EXPECT_EQ(second.files_read, 0U);
  EXPECT_EQ(second.apis.at(0), first.apis.at(0));
  EXPECT_EQ(second.problems.size(), first.problems.size()) << "what is wrong is told at every load";
}

TEST_F(ApiDirectoryTest, ReadsAChangedFile) {
  write("a.json", classicDefinition("a", "/a/"));
  const LoadResult first = load();
  write("a.json", classicDefinition("a", "/b/"));
  age("a.json");
  const LoadResult second = load(&first.apis);
  EXPECT_NE(second.apis.at(0), first.apis.at(0));
  EXPECT_EQ(second.apis.at(0)->listen_path, "/b/");
}

TEST_F(ApiDirectoryTest, SeesAChangeThatTheClockDoesNotShow) {
  write("a.json", classicDefinition("a", "/a/"));
  const LoadResult first = load();
  write("a.json", classicDefinition("a", "/b/"));  // same size, perhaps the same tick
  EXPECT_EQ(load(&first.apis).apis.at(0)->listen_path, "/b/");
}

TEST_F(ApiDirectoryTest, KeepsTheApiOfAFileThatWasOnlyTouched) {
  write("a.json", classicDefinition("a", "/a/"));
  const LoadResult first = load();
  age("a.json");
  const LoadResult second = load(&first.apis);
  EXPECT_EQ(second.files_read, 1U);
  EXPECT_EQ(second.apis.at(0), first.apis.at(0));
}

TEST_F(ApiDirectoryTest, KeepsTheLastGoodVersionOfABrokenFile) {
  write("a.json", classicDefinition("a", "/a/"));
  const LoadResult first = load();
  dir_.write("a.json", "{ broken");
  age("a.json");
  const LoadResult second = load(&first.apis);
  EXPECT_EQ(second.apis.at(0), first.apis.at(0));
  EXPECT_NE(shown(second.problems).find("the last good version of the API is kept"),
            std::string::npos)
      << shown(second.problems);
  std::filesystem::remove(dir_.file("a.json"));
  ASSERT_EQ(::mkdir(dir_.file("a.json").c_str(), 0755), 0);
  EXPECT_EQ(load(&second.apis).apis.size(), 1U);
  std::filesystem::remove(dir_.file("a.json"));
  EXPECT_TRUE(load(&second.apis).apis.empty()) << "a file that is gone takes its API along";
}

TEST_F(ApiDirectoryTest, RecoversWhenTheFileIsGoodAgain) {
  write("a.json", classicDefinition("a", "/a/"));
  const LoadResult first = load();
  dir_.write("a.json", "{");
  age("a.json");
  load(&first.apis);
  write("a.json", classicDefinition("a", "/new/"));
  age("a.json");
  const LoadResult third = load(&first.apis);
  EXPECT_EQ(third.apis.at(0)->listen_path, "/new/");
  EXPECT_EQ(test::errorCount(third.problems), 0U) << shown(third.problems);
}

TEST_F(ApiDirectoryTest, RefusesTheSecondFileOfAnId) {
  write("a.json", classicDefinition("same", "/a/"));
  write("b.json", classicDefinition("same", "/b/"));
  const LoadResult result = load();
  ASSERT_EQ(result.apis.size(), 1U);
  EXPECT_EQ(result.apis[0]->listen_path, "/a/");
  const Problem* problem = test::problemAt(result.problems, "/api_id");
  ASSERT_NE(problem, nullptr);
  EXPECT_EQ(problem->file, dir_.file("b.json"));
  EXPECT_NE(problem->reason.find(dir_.file("a.json")), std::string::npos);
}

TEST_F(ApiDirectoryTest, MovesBothNewApisOfOneListenPath) {
  write("1.json", classicDefinition("twin1", "/twin/"));
  write("2.json", classicDefinition("twin2", "/twin/"));
  const LoadResult result = load();
  EXPECT_EQ(find(result, "twin1")->listen_path, "/twin/-twin1");
  EXPECT_EQ(find(result, "twin2")->listen_path, "/twin/-twin2");
  EXPECT_EQ(find(result, "twin1")->wanted_listen_path, "/twin/");
  EXPECT_EQ(test::errorCount(result.problems), 2U);
  EXPECT_NE(shown(result.problems).find("Listen path collision, changed to /twin/-twin1"),
            std::string::npos);
  const LoadResult again = load(&result.apis);
  EXPECT_EQ(find(again, "twin1"), find(result, "twin1")) << "the same move is the same API";
  std::filesystem::remove(dir_.file("2.json"));
  EXPECT_EQ(find(load(&again.apis), "twin1")->listen_path, "/twin/");
}

TEST_F(ApiDirectoryTest, LetsTheRunningApiKeepItsPath) {
  write("2.json", classicDefinition("old", "/twin/"));
  const LoadResult first = load();
  write("1.json", classicDefinition("new", "/twin/"));
  const LoadResult second = load(&first.apis);
  EXPECT_EQ(find(second, "old"), find(first, "old"));
  EXPECT_EQ(find(second, "new")->listen_path, "/twin/-new");
  EXPECT_NE(find(second, "new")->checksum, find(first, "old")->checksum);
}

TEST_F(ApiDirectoryTest, LetsOneListenPathServeSeveralDomainsAndInternalApis) {
  write("1.json", with(classicDefinition("a", "/x/"), "/domain", "a.example.com"));
  write("2.json", with(classicDefinition("b", "/x/"), "/domain", "b.example.com"));
  write("3.json", classicDefinition("c", "/x/"));
  write("4.json", with(classicDefinition("d", "/x/"), "/internal", true));
  const LoadResult result = load();
  for (const auto& api : result.apis) EXPECT_EQ(api->listen_path, "/x/");
}

TEST_F(ApiDirectoryTest, AvoidsAPathThatIsTaken) {
  write("1.json", classicDefinition("t", "/x/"));
  write("2.json", classicDefinition("u", "/x/"));
  write("3.json", classicDefinition("v", "/x/-t"));
  EXPECT_EQ(find(load(), "t")->listen_path, "/x/-t_");
}

TEST_F(ApiDirectoryTest, JoinsAClassicFileWithItsCompanion) {
  write("one.json", with(classicDefinition(), "/is_oas", true));
  write("one-oas.json", oasDefinition());
  const LoadResult result = load();
  ASSERT_EQ(result.apis.size(), 1U) << shown(result.problems);
  EXPECT_FALSE(result.apis[0]->oas_text.empty());
  write("one-oas.json", with(oasDefinition(), "/info/title", "changed"));
  age("one-oas.json");
  const LoadResult second = load(&result.apis);
  EXPECT_NE(second.apis.at(0)->checksum, result.apis[0]->checksum);
}

TEST_F(ApiDirectoryTest, LoadsALoneDocumentUnderAnyName) {
  write("lone-oas.json", oasDefinition("lone", "/lone/"));
  EXPECT_EQ(load().apis.at(0)->api_id, "lone");
}

TEST_F(ApiDirectoryTest, TakesAClassicFileWithACompanionsNameAsItself) {
  write("one.json", classicDefinition("one", "/one/"));
  write("one-oas.json", classicDefinition("two", "/two/"));
  EXPECT_EQ(load().apis.size(), 2U);
}

TEST_F(ApiDirectoryTest, RefusesAnApiWhoseCompanionIsUnusable) {
  write("one.json", with(classicDefinition(), "/is_oas", true));
  const LoadResult missing = load();
  EXPECT_TRUE(missing.apis.empty());
  EXPECT_NE(shown(missing.problems).find("one-oas.json"), std::string::npos);
  dir_.write("one-oas.json", "{ broken");
  const LoadResult broken = load();
  EXPECT_TRUE(broken.apis.empty());
  EXPECT_NE(shown(broken.problems).find("one-oas.json : not valid JSON"), std::string::npos)
      << shown(broken.problems);
}

TEST_F(ApiDirectoryTest, ReloadsTenThousandFilesByTheirStamps) {
  constexpr int kFiles = 10'000;
  for (int i = 0; i < kFiles; ++i) {
    const std::string id = "api" + std::to_string(i);
    write(id + ".json", classicDefinition(id, "/" + id + "/"));
  }
  std::this_thread::sleep_for(
      std::chrono::milliseconds(60));  // past the time in which stamps prove nothing
  const auto start = std::chrono::steady_clock::now();
  const LoadResult first = load();
  const auto loaded = std::chrono::steady_clock::now();
  ASSERT_EQ(first.apis.size(), static_cast<std::size_t>(kFiles));
  write("api77.json", classicDefinition("api77", "/changed/"));
  const auto changed = std::chrono::steady_clock::now();
  const LoadResult second = load(&first.apis);
  const auto end = std::chrono::steady_clock::now();
  EXPECT_EQ(second.files_read, 1U);
  EXPECT_EQ(find(second, "api77")->listen_path, "/changed/");
  using Milliseconds = std::chrono::duration<double, std::milli>;
  std::printf("full load %.1f ms, reload %.1f ms\n", Milliseconds(loaded - start).count(),
              Milliseconds(end - changed).count());
}

}  // namespace
}  // namespace tykpp::definition
