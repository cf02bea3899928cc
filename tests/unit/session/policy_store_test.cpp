#include "session/policy_store.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tykpp::session {
namespace {

namespace fs = std::filesystem;

class PolicyStore : public ::testing::Test {
 protected:
  PolicyStore() {
    std::string pattern = (fs::temp_directory_path() / "policies-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~PolicyStore() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const fs::path path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }
  Result<LoadedPolicies> load(const PolicySet* previous = nullptr) const {
    return loadPolicies({folder_.string(), "ignored.json"}, previous);
  }

  fs::path folder_;
};

TEST_F(PolicyStore, ReadsOnePolicyAFile) {
  write("b.json", R"({"id":"beta","rate":2})");
  write("a.json", R"({"_id":"alpha","rate":1})");
  write("notes.txt", "no policy");
  const auto loaded = load();
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->problems.empty());
  ASSERT_NE(loaded->set->find("alpha"), nullptr);
  EXPECT_EQ(loaded->set->find("alpha")->id, "alpha");
  EXPECT_EQ(loaded->set->find("beta")->limit.rate.rate, 2);
  EXPECT_EQ(loaded->set->find("gamma"), nullptr);
  EXPECT_EQ(loaded->set->entries().size(), 2U);
}

TEST_F(PolicyStore, TellsFileMemberAndReasonAndLoadsTheRest) {
  const std::string bad = write("a.json", R"({"id":"a","partitions":{"acl":"yes"}})");
  const std::string broken = write("b.json", "{");
  const std::string nameless = write("c.json", R"({"name":"c"})");
  ASSERT_EQ(::mkfifo((folder_ / "d.json").c_str(), 0600), 0);
  write("e.json", R"({"id":"good"})");
  const auto loaded = load();
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->problems.size(), 4U);
  EXPECT_EQ(loaded->problems[0].file, bad);
  EXPECT_EQ(loaded->problems[0].pointer, "/partitions/acl");
  EXPECT_EQ(loaded->problems[0].reason, "must be true or false, not string");
  EXPECT_EQ(loaded->problems[1].file, broken);
  EXPECT_EQ(loaded->problems[1].reason, "is not JSON");
  EXPECT_EQ(loaded->problems[2].file, nameless);
  EXPECT_EQ(loaded->problems[3].reason, "is not a regular file");
  EXPECT_EQ(loaded->set->entries().size(), 1U);
}

TEST_F(PolicyStore, KeepsTheLastGoodVersionOfABrokenFile) {
  write("a.json", R"({"id":"a","rate":1})");
  write("b.json", R"({"id":"b","rate":1})");
  const auto first = load();
  write("a.json", "{");
  write("b.json", R"({"id":"b","rate":2})");
  const auto second = load(first->set.get());
  ASSERT_TRUE(second);
  EXPECT_EQ(second->problems.size(), 1U);
  EXPECT_EQ(second->set->find("a")->limit.rate.rate, 1);
  EXPECT_EQ(second->set->find("b")->limit.rate.rate, 2);
  EXPECT_NE(first->set->generation(), second->set->generation());
  fs::remove(folder_ / "a.json");
  EXPECT_EQ(load(second->set.get())->set->find("a"), nullptr);
}

TEST_F(PolicyStore, WarnsOfTwoFilesWithOneId) {
  write("a.json", R"({"id":"x","rate":1})");
  write("b.json", R"({"id":"x","rate":2})");
  const auto loaded = load();
  ASSERT_EQ(loaded->problems.size(), 1U);
  EXPECT_EQ(loaded->problems[0].severity, definition::Severity::kWarning);
  EXPECT_EQ(loaded->set->find("x")->limit.rate.rate, 2);
}

TEST_F(PolicyStore, ReadsOneFileWithAllPolicies) {
  const std::string file =
      write("all.json", R"({"one":{"id":"other","rate":1},"two":{"rate":"x"}})");
  const auto first = loadPolicies({"", file}, nullptr);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->set->find("one")->id, "one");
  EXPECT_EQ(first->set->find("other"), nullptr);
  ASSERT_EQ(first->problems.size(), 1U);
  EXPECT_EQ(first->problems[0].pointer, "/two/rate");
  write("all.json", R"({"one":[],"two":{"rate":2}})");
  const auto second = loadPolicies({"", file}, first->set.get());
  EXPECT_EQ(second->set->find("one")->limit.rate.rate, 1);
  EXPECT_EQ(second->set->find("two")->limit.rate.rate, 2);
}

TEST_F(PolicyStore, FailsWhenNothingCanBeRead) {
  EXPECT_EQ(loadPolicies({(folder_ / "none").string(), ""}, nullptr).error().code(),
            Errc::kNotFound);
  EXPECT_EQ(loadPolicies({"", (folder_ / "none.json").string()}, nullptr).error().code(),
            Errc::kNotFound);
  EXPECT_FALSE(loadPolicies({"", write("bad.json", "[]")}, nullptr));
  EXPECT_FALSE(loadPolicies({"", write("bad.json", "{")}, nullptr));
}

TEST_F(PolicyStore, HasNoPoliciesWithoutFiles) {
  const auto loaded = loadPolicies({}, nullptr);
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->set->entries().empty());
  EXPECT_EQ(loaded->set->json(), "[]");
}

TEST_F(PolicyStore, ListsPoliciesInTheOrderOfTheirIds) {
  write("a.json", R"({"id":"b"})");
  write("b.json", R"({"id":"a"})");
  const std::string text = load()->set->json();
  EXPECT_LT(text.find(R"("id":"a")"), text.find(R"("id":"b")"));
  EXPECT_EQ(text.front(), '[');
  EXPECT_EQ(text.back(), ']');
}

}  // namespace
}  // namespace tykpp::session
