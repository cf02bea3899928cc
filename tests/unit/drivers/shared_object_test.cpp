#include "drivers/native/impl/shared_object.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/plugin_fixture.hpp"

namespace tykpp::drivers::native {
namespace {

namespace fs = std::filesystem;

class SharedObjectTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tykpp-test-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string file(const char* name) const { return (directory_ / name).string(); }
  std::string write(const char* name, std::string_view content) const {
    std::ofstream(file(name), std::ios::binary) << content;
    return file(name);
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string refusal(const std::string& path) {
    auto object = store_.open(path);
    EXPECT_FALSE(object) << path;
    if (object) return {};
    EXPECT_EQ(object.error().code(), Errc::kBadPlugin);
    EXPECT_NE(object.error().message().find(path), std::string::npos) << object.error().message();
    return object.error().message();
  }

  fs::path directory_;
  ObjectStore store_{""};
};

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(SharedObjectTest, OpensAPluginAndReadsItsTable) {
  auto object = store_.open(test::examplePlugin("stamp_response"));
  ASSERT_TRUE(object) << object.error().message();
  EXPECT_STREQ((*object)->info->name, "stamp-response");
  EXPECT_EQ((*object)->names(), "StampResponse, SignBody");
  ASSERT_NE((*object)->find("SignBody"), nullptr);
  EXPECT_EQ((*object)->find("SignBody")->flags, TYKPP_HOOK_BODY);
  EXPECT_EQ((*object)->find("Signbody"), nullptr);
}

TEST_F(SharedObjectTest, OpensAPluginWrittenInC) {
  auto object = store_.open(test::examplePlugin("plain_c"));
  ASSERT_TRUE(object) << object.error().message();
  EXPECT_EQ((*object)->names(), "AddFooBar");
}

TEST_F(SharedObjectTest, OpensOneContentOnce) {
  const std::string content = read(test::examplePlugin("maintenance"));
  auto first = store_.open(write("a.so", content));
  auto second = store_.open(write("b.so", content));
  ObjectStore other("");
  auto third = other.open(file("b.so"));
  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(first->get(), second->get());
  EXPECT_EQ(first->get(), third->get());
}

TEST_F(SharedObjectTest, OpensAChangedFileAgainAndKeepsTheOldOne) {
  const std::string path = write("p.so", read(test::examplePlugin("maintenance")));
  auto before = store_.open(path);
  write("p.so", read(test::examplePlugin("reverse_body")));
  auto after = store_.open(path);
  ASSERT_TRUE(before && after);
  EXPECT_STREQ((*before)->info->name, "maintenance");
  EXPECT_STREQ((*after)->info->name, "reverse-body");
}

TEST_F(SharedObjectTest, DoesNotTouchTheFileItWasGiven) {
  const std::string path = write("p.so", read(test::examplePlugin("maintenance")));
  auto object = store_.open(path);
  ASSERT_TRUE(object);
  fs::remove(path);  // the private copy is what is mapped
  EXPECT_NE((*object)->find("Maintenance"), nullptr);
}

TEST_F(SharedObjectTest, RemovesItsPrivateCopies) {
  const std::string root = file("staging");
  fs::create_directory(root);
  std::string content = read(test::examplePlugin("maintenance"));
  content += "different";  // behind the ELF file: another digest
  {
    ObjectStore store(root);
    ASSERT_TRUE(store.open(write("p.so", content)));
    EXPECT_FALSE(fs::is_empty(root));
  }
  EXPECT_TRUE(fs::is_empty(root));
}

TEST_F(SharedObjectTest, SaysWhichAbiAPluginWasBuiltFor) {
  const std::string text = refusal(test::testPlugin("wrong_abi"));
  EXPECT_CONTAINS(text, "was built for plugin ABI 99, this gateway speaks 1");
  EXPECT_EQ(refusal(test::testPlugin("wrong_abi")), text);  // and again at the next reload
}

TEST_F(SharedObjectTest, RefusesAHandshakeThatIsNone) {
  EXPECT_CONTAINS(refusal(test::testPlugin("wrong_magic")), "no tykpp_info_plugin");
  EXPECT_CONTAINS(refusal(test::testPlugin("null_info")), "answered null");
  EXPECT_CONTAINS(refusal(test::testPlugin("broken_table")), "two hooks named \"Same\"");
}

TEST_F(SharedObjectTest, SaysWhatAForeignSharedObjectIs) {
  EXPECT_CONTAINS(refusal(test::testPlugin("no_handshake")), "no tykpp plugin");
  EXPECT_CONTAINS(refusal(test::testPlugin("fake_go")), "-buildmode=plugin");
}

TEST_F(SharedObjectTest, RefusesWhatIsNoFile) {
  EXPECT_CONTAINS(refusal(directory_.string()), "is a directory");
  EXPECT_CONTAINS(refusal(file("none.so")), "No such file");
  ASSERT_EQ(::mkfifo(file("fifo.so").c_str(), 0600), 0);
  EXPECT_CONTAINS(refusal(file("fifo.so")), "no regular file");
}

TEST_F(SharedObjectTest, RefusesWhatIsNoSharedObject) {
  EXPECT_CONTAINS(refusal(write("empty.so", "")), "no ELF file");
  EXPECT_CONTAINS(refusal(write("text.so", std::string(500, 'x'))), "no ELF file");
  std::string other = read(test::examplePlugin("maintenance"));
  other[18] = 3;  // e_machine: 80386
  EXPECT_CONTAINS(refusal(write("machine.so", other)), "another machine");
}

TEST_F(SharedObjectTest, RefusesAFileCutAtAnyPlaceWithoutHarm) {
  const std::string whole = read(test::examplePlugin("maintenance"));
  for (std::size_t cut = 0; cut < whole.size(); cut += whole.size() / 40) {
    // What follows the last mapped byte (section table, debug data) is not needed: such a file may
    // load.
    const auto usable = checkContent(std::string_view(whole).substr(0, cut));
    if (usable) {
      EXPECT_TRUE(store_.open(write("cut.so", whole.substr(0, cut)))) << cut;
    }
  }
  EXPECT_CONTAINS(refusal(write("half.so", whole.substr(0, 4096))), "incomplete");
}

TEST_F(SharedObjectTest, SaysWhyTheLoaderRefused) {
  std::string broken = read(test::examplePlugin("maintenance"));
  const std::size_t at = broken.find("libc.so.6");
  ASSERT_NE(at, std::string::npos);
  broken.replace(at, 9, "libz_.so.");
  EXPECT_CONTAINS(refusal(write("needs.so", broken)), "libz_.so.");
}

TEST_F(SharedObjectTest, LocatesVersionedFilesFirst) {
#if defined(__x86_64__)
  const std::string cpu = "amd64";
#else
  const std::string cpu = "arm64";
#endif
  const std::string root = directory_.string();
  write("p.so", "");
  EXPECT_EQ(*locate("p.so", root, "5.13.0"), file("p.so"));
  write(("p_5.13.0_linux_" + cpu + ".so").c_str(), "");
  EXPECT_EQ(*locate("p.so", root, "5.13.0"), file(("p_5.13.0_linux_" + cpu + ".so").c_str()));
  write(("p_v5.13.0_linux_" + cpu + ".so").c_str(), "");
  EXPECT_EQ(*locate("p.so", root, "5.13.0"), file(("p_v5.13.0_linux_" + cpu + ".so").c_str()));
  EXPECT_EQ(*locate(file("p.so"), "/elsewhere", "9.9.9"), file("p.so"));
}

TEST_F(SharedObjectTest, ListsWhereItLooked) {
  auto found = locate("sub/none.so", directory_.string(), "5.13.0");
  ASSERT_FALSE(found);
  EXPECT_CONTAINS(found.error().message(), "plugin file not found");
  EXPECT_CONTAINS(found.error().message(), file("sub/none.so"));
  EXPECT_CONTAINS(found.error().message(), "none_v5.13.0_linux_");
  EXPECT_FALSE(locate("", "", "1"));
}

}  // namespace
}  // namespace tykpp::drivers::native
