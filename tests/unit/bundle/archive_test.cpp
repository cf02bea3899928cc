#include "bundle/archive.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "unit/bundle/bundle_fixture.hpp"

namespace tykpp::bundle {
namespace {
using ::tykpp::test::ScratchFolder;

/// An archive by Python's zipfile, which writes whatever it is told. @param script has `z` open
std::string byPython(const std::string& script) {
  const ScratchFolder folder;
  const std::string out = folder.file("out.zip");
  const std::string file = folder.write("make.py",
                                        "import stat, sys, zipfile\nI = zipfile.ZipInfo\n"
                                        "with zipfile.ZipFile(sys.argv[1], 'w', "
                                        "zipfile.ZIP_DEFLATED) as z:\n" +
                                            script);
  EXPECT_EQ(std::system(("/usr/bin/python3 -W ignore " + file + " " + out).c_str()), 0);
  std::ifstream in(out, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string why(const std::string& bytes, const ArchiveLimits& limits = {}) {
  const auto archive = Archive::open(bytes, limits);
  return archive ? "accepted" : archive.error().message();
}

/// Unpacks everything. @return what stopped it, or "accepted"
std::string whyUnpacking(const std::string& bytes, const ArchiveLimits& limits = {}) {
  auto archive = Archive::open(bytes, limits);
  if (!archive) return archive.error().message();
  for (const ArchiveEntry& entry : archive->entries()) {
    if (entry.folder) continue;
    const auto read = archive->read(entry, [](std::string_view) -> Result<void> { return {}; });
    if (!read) return read.error().message();
  }
  return "accepted";
}

TEST(Archive, ReadsWhatItWrote) {
  const std::string bytes = writeArchive({{"a.js", "alpha"}, {"d/e/b.js", ""}}).value();
  auto archive = Archive::open(bytes, {});
  ASSERT_TRUE(archive);
  ASSERT_EQ(archive->entries().size(), 4U) << "two files and two folders";
  EXPECT_TRUE(archive->entries()[2].folder);
  EXPECT_EQ(archive->find("d/e"), nullptr);
  EXPECT_EQ(archive->readAll(*archive->find("a.js"), 5).value(), "alpha");
  EXPECT_EQ(archive->readAll(*archive->find("d/e/b.js"), 0).value(), "");
  EXPECT_FALSE(archive->readAll(*archive->find("a.js"), 4));
  EXPECT_EQ(archive->find("b.js"), nullptr);
}

TEST(Archive, WritesTheSameBytesInEveryTimeZone) {
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  const std::string tokyo = writeArchive({{"a.js", std::string(5000, 'x')}}).value();
  ::setenv("TZ", "America/Lima", 1);
  ::tzset();
  EXPECT_EQ(writeArchive({{"a.js", std::string(5000, 'x')}}).value(), tokyo);
  ::unsetenv("TZ");
  ::tzset();
}

TEST(Archive, ReadsFoldersAndStoredFiles) {
  const std::string bytes = byPython(
      "    z.writestr('lib/', '')\n    z.writestr('lib/a.py', 'a')\n"
      "    z.writestr(I('lib/b.py'), 'b', zipfile.ZIP_STORED)\n");
  auto archive = Archive::open(bytes, {});
  ASSERT_TRUE(archive) << archive.error().message();
  ASSERT_EQ(archive->entries().size(), 3U);
  EXPECT_TRUE(archive->entries()[0].folder);
  EXPECT_EQ(archive->entries()[0].name, "lib");
  EXPECT_EQ(archive->readAll(*archive->find("lib/b.py"), 10).value(), "b");
}

TEST(Archive, RefusesWhatIsNoArchive) {
  EXPECT_EQ(why("this is no archive"), "zip: not a valid zip file");
  EXPECT_EQ(why(""), "zip: not a valid zip file");
  const std::string whole = test::pack({});
  EXPECT_EQ(why(whole.substr(0, 200)), "zip: not a valid zip file");
}

TEST(Archive, RefusesNamesThatLeaveTheFolder) {
  for (const char* name : {"'/etc/a'", "'../a'", "'a/../../b'", "'a\\\\b'", "'a\\nb'"}) {
    const std::string bytes = byPython("    i = I('x'); i.filename = " + std::string(name) +
                                       "\n    z.writestr(i, 'a')\n");
    EXPECT_EQ(why(bytes).rfind("invalid file path in archive: ", 0), 0U) << name << why(bytes);
  }
}

TEST(Archive, RefusesANameWithANul) {
  std::string bytes = byPython("    z.writestr('a.js_evil', 'a')\n");
  for (std::size_t at = bytes.find("a.js_"); at != std::string::npos; at = bytes.find("a.js_"))
    bytes[at + 4] = '\0';
  EXPECT_EQ(why(bytes).rfind("invalid file path in archive: ", 0), 0U) << why(bytes);
}

TEST(Archive, RefusesLinksAndDevices) {
  EXPECT_EQ(why(byPython("    i = I('a'); i.external_attr = (stat.S_IFLNK | 0o777) << 16\n"
                         "    z.writestr(i, '/etc/passwd')\n")),
            "link in archive: a");
  EXPECT_EQ(why(byPython("    i = I('a'); i.external_attr = (stat.S_IFIFO | 0o777) << 16\n"
                         "    z.writestr(i, '')\n")),
            "neither file nor folder in archive: a");
}

TEST(Archive, RefusesTwoFilesOfOneName) {
  EXPECT_EQ(why(byPython("    z.writestr('a', '1')\n    z.writestr('a', '2')\n")),
            "the archive has two files of one name: a");
  EXPECT_EQ(why(byPython("    z.writestr('a', '1')\n    z.writestr('./a', '2')\n")),
            "the archive has two files of one name: a");
  EXPECT_EQ(why(byPython("    z.writestr('a', '1')\n    z.writestr('a/b', '2')\n")),
            "a file in the archive is a folder too: a");
}

TEST(Archive, RefusesMoreFilesThanTheLimit) {
  const std::string bytes = writeArchive({{"a", ""}, {"b", ""}, {"c", ""}}).value();
  EXPECT_EQ(why(bytes, {.files = 2}), "the archive has more than 2 files");
  EXPECT_EQ(why(bytes, {.files = 3}), "accepted");
}

TEST(Archive, RefusesABombByWhatItDeclares) {
  const std::string bytes = writeArchive({{"a", std::string(1 << 20, '\0')}}).value();
  EXPECT_LT(bytes.size(), 2000U);
  EXPECT_EQ(why(bytes, {.unpacked_bytes = 1 << 19}),
            "the archive unpacks to more than 524288 bytes");
}

TEST(Archive, StopsABombThatDeclaresLess) {
  const std::string size("\0\0\x10\0", 4);  // 1 MiB, little endian
  std::string bytes = writeArchive({{"a", std::string(1 << 20, '\0')}}).value();
  for (std::size_t at = bytes.find(size); at != std::string::npos; at = bytes.find(size))
    bytes.replace(at, 4, std::string("\1\0\0\0", 4));
  EXPECT_NE(whyUnpacking(bytes, {.unpacked_bytes = 1 << 19}), "accepted");
}

TEST(Archive, NoticesDamage) {
  std::string bytes = byPython("    z.writestr(I('a'), 'some text', zipfile.ZIP_STORED)\n");
  bytes[bytes.find("some text")] = 'S';
  EXPECT_NE(whyUnpacking(bytes).find("CRC"), std::string::npos) << whyUnpacking(bytes);
}

}  // namespace
}  // namespace tykpp::bundle
