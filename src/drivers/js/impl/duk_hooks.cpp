// What the engine calls while it runs: clock, stack, memory, random numbers (see
// cmake/duk_config.h).

#include <duktape.h>

#include <random>

#include "drivers/js/impl/run.hpp"

thread_local int tykpp_duk_ticks = 0;

namespace tykpp::drivers::js {
namespace {

thread_local Run* current_run = nullptr;

/// Loop rounds in native code between two looks at the clock: well under a millisecond.
constexpr int kTicksBetweenLooks = 4096;
/// Below this the engine recurses no further by itself; the collector and error handling still do.
constexpr std::size_t kStackReserve = 96 * 1024;
/// A script that goes on allocating at its limit spends its time in the collector: each refusal
/// stands for a collection, an allocation that fails for ten.
constexpr int kMaxRefusals = 48;

/// Memory was refused: the engine collects and tries again, then throws; a script that catches that
/// for ever is ended.
void refused() {
  Run* run = Run::current();
  if (run == nullptr) return;
  if (++run->refusals > kMaxRefusals) {
    run->ended = Ended::kMemory;
    tykppDukEnd("the memory limit is reached");
  }
  tykppDukLookAtClock();
}

}  // namespace

Run* Run::current() noexcept { return current_run; }

RunScope::RunScope(Run& run, std::size_t stack_bytes) noexcept {
  const char* here = static_cast<const char*>(__builtin_frame_address(0));
  run.stack_limit = here - (stack_bytes - std::min(stack_bytes, kStackReserve));
  current_run = &run;
  tykpp_duk_ticks = kTicksBetweenLooks;
}

RunScope::~RunScope() { current_run = nullptr; }

void RunScope::leave() noexcept { current_run = nullptr; }

void RunScope::comeBack(Run& run) noexcept { current_run = &run; }

void* allocateForHeap(void* udata, std::size_t bytes) {
  void* block = static_cast<HeapArena*>(udata)->allocate(bytes);
  if (block == nullptr && bytes > 0) [[unlikely]]
    refused();
  return block;
}

void* reallocateForHeap(void* udata, void* old, std::size_t bytes) {
  void* block = static_cast<HeapArena*>(udata)->reallocate(old, bytes);
  if (block == nullptr && bytes > 0) [[unlikely]]
    refused();
  return block;
}

void releaseForHeap(void* udata, void* block) { static_cast<HeapArena*>(udata)->release(block); }

}  // namespace tykpp::drivers::js

using tykpp::drivers::js::Run;

void tykppDukLookAtClock() {
  tykpp_duk_ticks = tykpp::drivers::js::kTicksBetweenLooks;
  Run* run = Run::current();
  if (run == nullptr || !run->mustStop()) return;
  run->ended = tykpp::drivers::js::Ended::kTime;
  tykppDukEnd("the time is up");
}

int tykppDukMustStop() {
  tykppDukLookAtClock();
  return 0;
}

int tykppDukStackIsLow() {
  const Run* run = Run::current();
  const char* here = static_cast<const char*>(__builtin_frame_address(0));
  return run != nullptr && here < run->stack_limit ? 1 : 0;
}

double tykppDukRandom() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return static_cast<double>(generator() >> 11) * 0x1.0p-53;
}
