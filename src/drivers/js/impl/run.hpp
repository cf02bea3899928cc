#pragma once
// One run of scripts on this thread: what the engine's hooks and the functions offered to scripts
// need to know of it. Thread: the one it runs on; a run on a fiber leaves and comes back.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/clock.hpp"
#include "definition/api_spec.hpp"
#include "drivers/js/impl/heap_arena.hpp"
#include "drivers/script/script_call.hpp"

namespace tykpp::drivers {
class KeyAccess;
class WorkerServices;
}  // namespace tykpp::drivers

namespace tykpp::drivers::js {

class OutputPump;

/// Bytes of a fiber's stack; scripts that recurse in native code get what is left of it after a
/// reserve.
constexpr std::size_t kFiberStackBytes = 256 * 1024;

/// What functions offered to scripts need of the gateway. Outlives every run.
struct HostServices {
  OutputPump* output = nullptr;
  KeyAccess* keys = nullptr;  ///< null: this gateway keeps no keys yet
  std::int64_t max_body = 0;  ///< bytes of a body that a script may hand over or fetch
};

/// Why a script was ended without its consent.
enum class Ended : std::uint8_t { kNo, kTime, kMemory };

struct Run {
  const HostServices* host = nullptr;
  script::ScriptCall* call = nullptr;  ///< null where a script may not wait: at load, in events
  WorkerServices* blocking = nullptr;  ///< in events: waiting holds the thread
  Clock::time_point deadline;          ///< when there is no call
  bool quiet = false;                  ///< log lines were written when the same was run before
  bool insecure_skip_verify = false;   ///< of the API's upstream calls
  bool decoding = false;               ///< the script has returned, what it returned is read
  Ended ended = Ended::kNo;
  int refusals = 0;  ///< times that memory was refused
  const char* stack_limit = nullptr;

  // What lies in the arena for this run while another one has it.
  std::unique_ptr<std::byte[]> saved;
  std::size_t saved_bytes = 0;

  bool mustStop() const noexcept {
    return call != nullptr ? call->mustStop() : Clock::now() >= deadline;
  }
  /// The run of this thread, or null.
  static Run* current() noexcept;
};

/// Makes a run the thread's for a scope, on a stack of which `stack_bytes` are left.
class RunScope {
 public:
  RunScope(Run& run, std::size_t stack_bytes) noexcept;
  ~RunScope();
  RunScope(const RunScope&) = delete;
  RunScope& operator=(const RunScope&) = delete;
  /// Around a wait: other runs have the thread meanwhile.
  static void leave() noexcept;
  static void comeBack(Run& run) noexcept;
};

/// Memory functions of a heap; `udata` is its HeapArena.
void* allocateForHeap(void* udata, std::size_t bytes);
void* reallocateForHeap(void* udata, void* old, std::size_t bytes);
void releaseForHeap(void* udata, void* block);

}  // namespace tykpp::drivers::js
