#pragma once
// What the JavaScript of one API is made of: its scripts in their order, compiled, and the names
// that the gateway calls. Made on the main thread, then immutable and shared by the workers.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "definition/api_spec.hpp"
#include "drivers/js/impl/runtime.hpp"

namespace tykpp::drivers::js {

/// A piece of source, and what became of it.
struct Script {
  std::string name;      ///< its file, or what stands for it in messages
  std::string text;      ///< source; empty when it could not be read
  std::string bytecode;  ///< empty when it could not be compiled
  std::string problem;   ///< why it is not part of the program: the line of the log
};

/// The heap of a program, ready to be called.
struct ProgramImage : Image {
  // Objects within the heap, kept alive by it.
  void* request = nullptr;  ///< a request with everything in it that does not depend on the call
  void* response = nullptr;
  void* virtual_request = nullptr;
  void* session = nullptr;      ///< an empty one
  void* config = nullptr;       ///< the third argument of every function
  void* do_request = nullptr;   ///< the DoProcessRequest that the driver knows
  void* do_response = nullptr;  ///< likewise
  std::vector<void*> names;     ///< functions that look up what Program::names calls
};

/// What all programs of a gateway have in common. Immutable.
struct Foundation {
  std::string core;        ///< bytecode
  std::string underscore;  ///< bytecode
  Script tyk_js;           ///< `tyk_js_path`; empty text: none
  std::chrono::milliseconds load_timeout{5000};
  HostServices host;
};

struct Program {
  std::string api_id;
  std::string org_id;
  std::string config_data;      ///< JSON text, or empty
  bool has_config_data = true;  ///< false: `config_data` is not even null
  std::vector<Script> scripts;
  std::vector<std::string> names;  ///< what the gateway looks up, as expressions
  bool insecure_skip_verify = false;
  bool wants_underscore = false;
  std::shared_ptr<const Foundation> foundation;

  // What was found when the scripts ran on the main thread.
  std::vector<Script> failed;  ///< those with a problem
  struct Check {               ///< each empty, or why not
    std::string request_hook;  ///< it has DoProcessRequest
    std::string response_hook;
    std::string function;  ///< it is one
    std::string event_handler;
  };
  std::vector<Check> checks;  ///< by index of `names`

  /// The worker's image, made when it is first asked for. Thread: the runtime's.
  /// @error kBadPlugin: a script was ended while it ran
  Result<std::shared_ptr<const ProgramImage>> imageFor(Runtime& runtime) const;

 private:
  mutable std::mutex mutex_;
  mutable std::unordered_map<const Runtime*, std::weak_ptr<const ProgramImage>> images_;
};

/// Whether a source mentions `_` by itself.
bool mentionsUnderscore(std::string_view source);
/// Compiles a source. @error kBadPlugin with what the compiler says
Result<std::string> compile(Runtime& runtime, const HostServices& host, const std::string& name,
                            std::string_view source);
/// Runs the program's scripts and keeps the heap. Scripts that fail get their `problem`; the others
/// still count. @param quiet  scripts log nothing: they did when they ran on the main thread
Result<ProgramImage> buildImage(Runtime& runtime, const Program& program, bool quiet,
                                std::vector<Script>* failed);
/// What the names of a program stand for.
std::vector<Program::Check> checkNames(Runtime& runtime, const Program& program,
                                       const ProgramImage& image);

}  // namespace tykpp::drivers::js
