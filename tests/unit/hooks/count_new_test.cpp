// Counts heap allocations, so that the cost of a hook is a number in a test.
#include <cstddef>
#include <cstdlib>
#include <new>

namespace tykpp::test {
namespace {
thread_local std::size_t count = 0;
}  // namespace

std::size_t allocations() noexcept;
std::size_t allocations() noexcept { return count; }
void bump() noexcept;
void bump() noexcept { ++count; }
}  // namespace tykpp::test

void* operator new(std::size_t size) {
  tykpp::test::bump();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
