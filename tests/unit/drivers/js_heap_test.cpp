// The memory of JavaScript heaps, and text on its way in and out.

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "drivers/js/impl/heap_arena.hpp"
#include "drivers/js/impl/text.hpp"

namespace tykpp::drivers::js {
namespace {

TEST(JsHeapArena, KeepsBlocksApartThroughRandomUse) {
  HeapArena arena(8 << 20);
  struct Block {
    unsigned char* at;
    std::size_t size;
    unsigned char fill;
  };
  std::vector<Block> blocks;
  std::mt19937 random(7);
  const auto check = [](const Block& block) {
    for (std::size_t i = 0; i < block.size; ++i) ASSERT_EQ(block.at[i], block.fill);
  };
  for (int round = 0; round < 20000; ++round) {
    const std::size_t size = 1 + random() % (round % 7 == 0 ? 20000 : 300);
    const auto fill = static_cast<unsigned char>(random());
    if (blocks.size() > 200 || (!blocks.empty() && random() % 3 == 0)) {
      const std::size_t index = random() % blocks.size();
      Block& block = blocks[index];
      check(block);
      if (random() % 2 == 0) {
        auto* moved = static_cast<unsigned char*>(arena.reallocate(block.at, size));
        ASSERT_NE(moved, nullptr);
        for (std::size_t i = 0; i < std::min(size, block.size); ++i)
          ASSERT_EQ(moved[i], block.fill);
        block = {moved, size, fill};
        std::memset(moved, fill, size);
      } else {
        arena.release(block.at);
        block = blocks.back();
        blocks.pop_back();
      }
      continue;
    }
    auto* at = static_cast<unsigned char*>(arena.allocate(size));
    ASSERT_NE(at, nullptr);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(at) % 8, 0U);
    std::memset(at, fill, size);
    blocks.push_back({at, size, fill});
  }
  for (const Block& block : blocks) check(block);
  ASSERT_LT(arena.used(), std::size_t{8} << 20);
}

TEST(JsHeapArena, ComesBackToAnEarlierState) {
  HeapArena arena(1 << 20);
  char* kept = static_cast<char*>(arena.allocate(100));
  std::strcpy(kept, "before");
  std::vector<std::byte> image(arena.base(), arena.base() + arena.used());
  void* first = arena.allocate(1000);
  std::strcpy(kept, "after");
  arena.release(kept);
  std::memcpy(arena.base(), image.data(), image.size());
  EXPECT_STREQ(kept, "before");
  EXPECT_EQ(arena.allocate(1000), first);
}

TEST(JsHeapArena, RefusesAtItsLimitAndJoinsWhatIsFreed) {
  HeapArena arena(1 << 20);
  EXPECT_EQ(arena.allocate(2 << 20), nullptr);
  std::vector<void*> blocks;
  while (void* block = arena.allocate(10000)) blocks.push_back(block);
  EXPECT_GT(blocks.size(), 100U);
  EXPECT_EQ(arena.allocate(10000), nullptr);
  // Every second one, then the others: neighbours join.
  for (std::size_t i = 0; i + 1 < blocks.size(); i += 2) arena.release(blocks[i]);
  EXPECT_EQ(arena.allocate(15000), nullptr);
  for (std::size_t i = 1; i + 1 < blocks.size(); i += 2) arena.release(blocks[i]);
  EXPECT_NE(arena.allocate(900000), nullptr);
}

TEST(JsHeapArena, GivesMemoryBackFromTheEnd) {
  HeapArena arena(1 << 20);
  const std::size_t before = arena.used();
  void* block = arena.allocate(500000);
  EXPECT_GT(arena.peak(), 500000U);
  arena.release(block);
  EXPECT_EQ(arena.used(), before);
  arena.trim(0x4000);
  EXPECT_EQ(arena.peak(), before);
}

TEST(JsText, ComesThroughTheEngineByteForByte) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (std::size_t size = random() % 12; size > 0; --size) {
      bytes += static_cast<char>(random() % 3 == 0 ? 0x80 + random() % 128 : random() % 256);
    }
    const std::string inside = toEngine(bytes);
    EXPECT_EQ(fromEngine(inside), bytes);
    if (!inside.empty()) {
      // The engine takes strings that begin with these bytes for symbols.
      const auto first = static_cast<unsigned char>(inside.front());
      EXPECT_TRUE(first < 0x80 || (first > 0x82 && first != 0xff));
    }
  }
  EXPECT_EQ(toEngine("\xf0\x9f\x98\x80"), "\xed\xa0\xbd\xed\xb8\x80");
  EXPECT_EQ(toEngine("\xff"), "\xed\xb3\xbf");
  EXPECT_EQ(fromEngine("\xed\xa0\x80x"), "\xef\xbf\xbdx");
  EXPECT_EQ(fromEngineAsUtf8("\xed\xb3\xbf"), "\xef\xbf\xbd");
}

TEST(JsText, WritesJsonStringsAsTheReferenceDoes) {
  std::string out;
  appendJson(out, "a\"\\\n<&>\x01\xe2\x80\xa8\xff\xc3\xa9");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u003c\\u0026\\u003e\\u0001\\u2028\xef\xbf\xbd\xc3\xa9\"");
}

}  // namespace
}  // namespace tykpp::drivers::js
