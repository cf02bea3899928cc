#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>

#include "common/redis_server.hpp"
#include "common/store_loop.hpp"
#include "storage/impl/embedded_counters.hpp"
#include "storage/impl/embedded_database.hpp"

namespace tykpp::storage {
namespace {

using namespace std::chrono_literals;
using test::awaitUp;
using test::eventually;
using test::Folder;
using test::StoreLoop;
using Client = KeyStoreClient;

Result<bool> put(StoreLoop& loop, std::string key, std::string value = "x") {
  return loop.ask([&](Client& c) { return c.set(key, value, 0s, SetIf::kAlways); });
}
std::optional<std::string> read(StoreLoop& loop, std::string key) {
  return loop.ask([&](Client& c) { return c.get(key); }).value();
}

TEST(EmbeddedStore, KeepsKeysAndCountersAcrossARestart) {
  const Folder folder;
  const EmbeddedOptions options{.file = folder.file("sub/keys.db")};
  {
    const auto store = makeEmbeddedKeyStore(options);
    StoreLoop loop(*store);
    ASSERT_TRUE(awaitUp(*store)) << store->state().reason;
    ASSERT_TRUE(put(loop, "key", "value"));
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(loop.ask([](Client& c) { return c.quotaStep("quota-k", 9, 600s); }));
    }
    const std::int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count();
    loop.ask([&](Client& c) { return c.fixedWindow("long", now, 365 * 24h); });
  }
  const auto store = makeEmbeddedKeyStore(options);
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store)) << store->state().reason;
  EXPECT_EQ(read(loop, "key"), "value");
  EXPECT_EQ(loop.ask([](Client& c) { return c.quotaPeek("quota-k"); })->used, 5);
  const auto step = loop.ask([](Client& c) { return c.quotaStep("quota-k", 9, 600s); });
  EXPECT_EQ(step->used, 6);
  EXPECT_LE(step->left, 600s) << "the old period goes on";
}

TEST(EmbeddedStore, WritesCountersBehindWithinItsTime) {
  const Folder folder;
  const auto store = makeEmbeddedKeyStore({.file = folder.file("keys.db")});
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  ASSERT_TRUE(loop.ask([](Client& c) { return c.quotaStep("quota-k", 9, 600s); }));
  const std::string ask =
      "sqlite3 " + folder.file("keys.db") +
      " \"select value from counter where key = cast('quota-k' as blob)\" 2>/dev/null";
  if (std::system("command -v sqlite3 >/dev/null") != 0) GTEST_SKIP() << "sqlite3 not installed";
  EXPECT_TRUE(eventually([&] {
    FILE* pipe = ::popen(ask.c_str(), "r");
    char text[16] = {};
    const std::size_t got = std::fread(text, 1, sizeof text - 1, pipe);
    ::pclose(pipe);
    return got > 0 && text[0] == '1';
  })) << "another process sees what is written";
}

/// In the child: writes keys one after the other, says each on the pipe once it was accepted.
[[noreturn]] void writeUntilKilled(const std::string& file, int pipe) {
  const auto store = makeEmbeddedKeyStore({.file = file});
  StoreLoop loop(*store);
  for (int i = 0; i < 1'000'000; ++i) {
    if (!put(loop, "key" + std::to_string(i))) continue;
    if (::write(pipe, &i, sizeof i) != sizeof i) break;
  }
  ::_exit(0);
}

TEST(EmbeddedStore, LosesNothingAcceptedToAKill) {
  const Folder folder;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) writeUntilKilled(folder.file("keys.db"), ends[1]);
  ::close(ends[1]);
  std::vector<int> accepted;
  int number = 0;
  while (accepted.size() < 50 && ::read(ends[0], &number, sizeof number) == sizeof number) {
    accepted.push_back(number);
  }
  ::kill(child, SIGKILL);
  while (::read(ends[0], &number, sizeof number) == sizeof number) accepted.push_back(number);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ASSERT_GE(accepted.size(), 50U);
  const auto store = makeEmbeddedKeyStore({.file = folder.file("keys.db")});
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store)) << store->state().reason;
  for (const int i : accepted) EXPECT_TRUE(read(loop, "key" + std::to_string(i))) << i;
}

TEST(EmbeddedStore, SaysWhatIsWrongWithItsFile) {
  const Folder folder;
  std::ofstream(folder.file("keys.db")) << std::string(8192, 'x');
  const auto store = makeEmbeddedKeyStore({.file = folder.file("keys.db")});
  StoreLoop loop(*store);
  ASSERT_TRUE(eventually([&] {
    return store->state().reason.find("damaged_file") != std::string::npos;
  })) << store->state().reason;
  const auto refused = put(loop, "key");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("damaged_file"), std::string::npos);
  std::filesystem::remove(folder.file("keys.db"));  // the operator moves it away
  EXPECT_TRUE(awaitUp(*store)) << store->state().reason;
  EXPECT_TRUE(put(loop, "key"));
}

TEST(EmbeddedStore, LeavesAFileToTheProcessThatHasIt) {
  const Folder folder;
  auto first = makeEmbeddedKeyStore({.file = folder.file("keys.db")});
  ASSERT_TRUE(awaitUp(*first));
  const auto second = makeEmbeddedKeyStore({.file = folder.file("keys.db")});
  ASSERT_TRUE(eventually([&] {
    return second->state().reason.find("in_use") != std::string::npos;
  })) << second->state().reason;
  first.reset();
  EXPECT_TRUE(awaitUp(*second)) << second->state().reason;
}

TEST(EmbeddedStore, RefusesWritesOnAFullDiskAndRecovers) {
  const Folder folder;
  const std::string mount = folder.file("small");
  std::filesystem::create_directory(mount);
  if (::mount("tmpfs", mount.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "mounting is not permitted";
  }
  {
    const auto store = makeEmbeddedKeyStore({.file = mount + "/keys.db"});
    StoreLoop loop(*store);
    EXPECT_TRUE(awaitUp(*store)) << store->state().reason;
    EXPECT_TRUE(put(loop, "first", "kept"));
    const std::string filler = mount + "/filler";
    std::ofstream(filler) << std::string(2 << 20, 'x');  // as much as fits
    Result<bool> refused = true;
    for (int i = 0; i < 100 && refused; ++i) {
      refused = put(loop, "key" + std::to_string(i), std::string(8192, 'y'));
    }
    EXPECT_FALSE(refused);
    if (!refused) {
      EXPECT_NE(refused.error().message().find("disk_full"), std::string::npos)
          << refused.error().message();
    }
    EXPECT_EQ(read(loop, "first"), "kept") << "reads go on";
    // Counters go on in memory and are written once there is room.
    EXPECT_EQ(loop.ask([](Client& c) { return c.quotaStep("quota-k", 9, 60s); })->used, 1);
    std::filesystem::remove(filler);
    EXPECT_TRUE(put(loop, "after"));
  }
  ::umount(mount.c_str());
}

TEST(EmbeddedStore, ResumesWhatWaitsWhenTheClientGoes) {
  const Folder folder;
  const auto store = makeEmbeddedKeyStore({.file = folder.file("keys.db")});
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  std::vector<std::future<Result<bool>>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(loop.begin([](Client& c) { return c.set("k", "v", 0s, SetIf::kAlways); }));
  }
  loop.dropClient();
  for (auto& answer : answers) {
    ASSERT_EQ(answer.wait_for(10s), std::future_status::ready);
    const auto result = answer.get();
    if (!result) {
      EXPECT_EQ(result.error().code(), Errc::kShuttingDown);
    }
  }
}

TEST(EmbeddedStore, KeepsItsFilesToItself) {
  const Folder folder;
  const auto store = makeEmbeddedKeyStore({.file = folder.file("keys.db")});
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  ASSERT_TRUE(put(loop, "key", "value"));
  for (const char* name : {"keys.db", "keys.db-wal", "keys.db-shm", "keys.db.lock"}) {
    const auto mode = std::filesystem::status(folder.file(name)).permissions();
    EXPECT_EQ(static_cast<int>(mode), 0600) << name;
  }
}

TEST(EmbeddedStore, ReadsValuesFromMemoryUntilTheyChange) {
  const Folder folder;
  const auto store = makeEmbeddedKeyStore({.file = folder.file("keys.db")});
  StoreLoop loop(*store);
  StoreLoop other(*store);
  ASSERT_TRUE(awaitUp(*store));
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(put(loop, "key", std::to_string(i)));
    EXPECT_EQ(read(other, "key"), std::to_string(i)) << "an accepted write is seen by all loops";
  }
  const Texts keys{"key"};
  ASSERT_TRUE(loop.ask([&](Client& c) { return c.remove(keys); }));
  EXPECT_EQ(read(other, "key"), std::nullopt);
}

/// Resident memory of this process in MiB.
std::size_t residentMiB() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6)) / 1024;
  }
  return 0;
}

TEST(EmbeddedStore, StartsFastWithAMillionKeys) {
  if (std::getenv("TYKPP_UNIT_LONG") == nullptr) GTEST_SKIP() << "set TYKPP_UNIT_LONG=1";
  const Folder folder;
  const EmbeddedOptions options{.file = folder.file("keys.db")};
  {
    const auto database = std::move(Database::open(options.file).value());
    // As the store would have left them, in a fraction of the time.
    database->run(
        "BEGIN; WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 999999)"
        " INSERT INTO entry SELECT cast(printf('apikey-%06d', i) AS BLOB), 1, 0,"
        " cast(printf('%0300d', i) AS BLOB) FROM n; COMMIT");
    ASSERT_EQ(database->failure(), SQLITE_OK) << database->failureText();
  }
  const auto begin = Clock::now();
  const auto store = makeEmbeddedKeyStore(options);
  StoreLoop loop(*store);
  ASSERT_TRUE(awaitUp(*store));
  EXPECT_EQ(read(loop, "apikey-999999")->size(), 300U);
  const auto start = Clock::now() - begin;
  EXPECT_LT(start, 2s);
  for (int i = 100'000; i < 300'000; i += 4) {  // more than stays in memory
    ASSERT_TRUE(read(loop, "apikey-" + std::to_string(i)));
  }
  std::printf(
      "start %lld us, resident %zu MiB\n",
      static_cast<long long>(std::chrono::duration_cast<std::chrono::microseconds>(start).count()),
      residentMiB());
  EXPECT_LT(residentMiB(), 400U);
}

TEST(Counters, DropWhatHasEndedAndWhatIsNotUsed) {
  Counters counters(64);
  counters.load({"a", 5, 1000, true});
  EXPECT_EQ(counters.add("a", 1000, 500)->value, 6);
  EXPECT_TRUE(counters.dirty());
  counters.sweep(2000);
  EXPECT_TRUE(counters.peek("a", 500)) << "what is not written stays";
  const auto written = counters.takeDirty();
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written.front().value, 6);
  EXPECT_FALSE(counters.dirty());
  counters.sweep(2000);
  EXPECT_FALSE(counters.peek("a", 500));
  EXPECT_FALSE(counters.add("a", 1000, 3000)) << "to be loaded again";
}

TEST(Counters, AreWrittenAgainWhenThatFailed) {
  Counters counters(64);
  counters.load({"a", 0, 0, false});
  counters.add("a", 1000, 1);
  counters.putBack(counters.takeDirty());
  EXPECT_TRUE(counters.dirty());
  EXPECT_EQ(counters.takeDirty().size(), 1U);
}

TEST(Counters, MemoryKnowsBetterThanTheFile) {
  Counters counters(64);
  counters.load({"a", 5, 0, true});
  counters.add("a", 0, 1);
  counters.load({"a", 5, 0, true});
  EXPECT_EQ(counters.peek("a", 1)->value, 6);
}

TEST(SlidingLogs, ForgetTimesFromBeforeTheClockWasSetBack) {
  SlidingLogs logs;
  constexpr std::int64_t kSecond = 1'000'000'000;
  for (int i = 0; i < 3; ++i) logs.add("k", 5000 * kSecond, 60 * kSecond, 3);
  EXPECT_EQ(logs.add("k", 5000 * kSecond, 60 * kSecond, 3).before, 3);
  EXPECT_EQ(logs.add("k", 1000 * kSecond, 60 * kSecond, 3).before, 0);
}

}  // namespace
}  // namespace tykpp::storage
