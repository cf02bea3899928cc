// Duktape's options as the JavaScript driver needs them: the distributed ones with these changes.
#ifndef TYKPP_DUK_CONFIG_H
#define TYKPP_DUK_CONFIG_H

#include "duk_config_distributed.h"

#include <exception>
#include <stdexcept>

// What src/drivers/js/impl/duk_hooks.cpp gives the engine. Thread: whichever runs a script.
double tykppDukRandom();              // [0, 1)
int tykppDukStackIsLow();             // little of the running stack is left
int tykppDukMustStop();               // never returns true: ends the script when its time is up
void tykppDukLookAtClock();           // the same, called by the tick below
[[noreturn]] void tykppDukEnd(const char* why);
/// One step over the properties of a plain object: its own function, see cmake/duktape.cmake.
enum class TykppDukEntry {
  kPushed,    // name and value
  kSkip,      // a hole, or a property that is not listed
  kEnd,
  kNotPlain,  // has elements or accessors: only the engine's enumerator knows its properties
};
struct duk_hthread;
TykppDukEntry tykppDukEntryAt(duk_hthread* thr, void* object, unsigned int index);
extern thread_local int tykpp_duk_ticks;
inline void tykppDukTick() {
  if (--tykpp_duk_ticks < 0) tykppDukLookAtClock();
}

// Errors unwind: the driver's functions between two scripts have destructors.
#define DUK_USE_CPP_EXCEPTIONS

// The time budget, looked at every 256 Ki instructions.
#define DUK_USE_INTERRUPT_COUNTER
#define DUK_USE_EXEC_TIMEOUT_CHECK(udata) tykppDukMustStop()

// Scripts run on small stacks: recursion ends by what is left of the stack, not by a count.
#define DUK_USE_NATIVE_STACK_CHECK() tykppDukStackIsLow()
#undef DUK_USE_MARK_AND_SWEEP_RECLIMIT
#define DUK_USE_MARK_AND_SWEEP_RECLIMIT 128

// A heap is put back to an earlier state before each call: a generator inside it would give every call the same numbers.
#define DUK_USE_GET_RANDOM_DOUBLE(udata) tykppDukRandom()

// Built-in functions without an object each: a third less to put back.
#define DUK_USE_LIGHTFUNC_BUILTINS

#endif  // TYKPP_DUK_CONFIG_H
