#include "base/arena.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tykpp {
namespace {

TEST(Arena, KeepsEveryPieceApartAndAligned) {
  BlockPool pool;
  Arena arena(pool);
  const std::string_view first = arena.copy("one");
  void* aligned = arena.allocate(64, 64);
  const std::string_view second = arena.concat("t", "w", "o");
  EXPECT_EQ(first, "one");
  EXPECT_EQ(second, "two");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned) % 64, 0U);
}

TEST(Arena, TakesPiecesLargerThanABlock) {
  BlockPool pool;
  Arena arena(pool);
  const std::string large(3 * BlockPool::kBlockBytes, 'x');
  const std::string_view copy = arena.copy(large);
  EXPECT_EQ(copy, large);
  EXPECT_EQ(arena.copy("after"), "after");
}

TEST(Arena, GivesItsBlockBackForTheNextRequest) {
  BlockPool pool;
  const void* first = nullptr;
  {
    Arena arena(pool);
    first = arena.copy("a").data();
  }
  Arena arena(pool);
  EXPECT_EQ(static_cast<const void*>(arena.copy("b").data()), first);
}

TEST(Arena, StartsOverAfterReset) {
  BlockPool pool;
  Arena arena(pool);
  for (int i = 0; i < 1000; ++i) arena.copy("0123456789012345678901234567890123456789");
  arena.reset();
  EXPECT_EQ(arena.copy("again"), "again");
}

}  // namespace
}  // namespace tykpp
