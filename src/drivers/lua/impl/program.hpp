#pragma once
// The Lua files of one API, compiled once: what states are made from.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "definition/api_spec.hpp"
#include "drivers/lua/impl/state.hpp"
#include "drivers/lua/impl/watchdog.hpp"
#include "drivers/lua/lua_driver.hpp"
#include "drivers/script/fiber.hpp"

namespace tykpp::drivers::lua {

/// One compiled file.
struct Chunk {
  std::string name;      ///< `@` and the path, as Lua names chunks
  std::string bytecode;  ///< with the lines, for error messages
};

/// Immutable.
struct Program {
  std::string api_id;
  std::vector<Chunk> chunks;
  std::string path;                                       ///< before `package.path`
  std::string cpath;                                      ///< before `package.cpath`
  std::string config_data;                                ///< JSON text, or empty
  std::vector<std::pair<std::string, std::string>> spec;  ///< what plugins get as `spec`
  std::size_t memory_limit = 0;
  std::chrono::milliseconds load_time{0};
};

/// A program and its states: one a worker, shared by the API's hooks. Thread: any.
class ApiStates {
 public:
  explicit ApiStates(std::shared_ptr<const Program> made_from) : program(std::move(made_from)) {}
  const std::shared_ptr<const Program> program;
  /// The global functions that the files define, found by running them once.
  std::map<std::string, Function> functions;
  /// The worker's state, made when there is none. Thread: that worker.
  Result<std::shared_ptr<State>> of(std::uint32_t worker, Watched& watched);
  /// Makes of() build a new one: this one is beyond repair.
  void forget(std::uint32_t worker);

 private:
  std::mutex mutex_;
  std::map<std::uint32_t, std::weak_ptr<State>> states_;
};

/// What all Lua plugins of the process share. Thread: any.
class Runtime {
 public:
  explicit Runtime(WorkerServices& worker_services) : services(worker_services) {}
  /// What a worker has once. Used on that worker alone.
  struct Worker {
    explicit Worker(Watched& watch) : watched(watch) {}
    Watched& watched;
    /// Deep enough for what Lua's own limits allow C functions to nest; see State::checkDepth.
    script::StackPool stacks{4U << 20};
  };
  Worker& worker(std::uint32_t index);
  WorkerServices& services;
  /// Programs in use by what they were made from, so that the hooks of an API share one.
  std::map<std::string, std::weak_ptr<ApiStates>> programs;

 private:
  std::mutex mutex_;
  Watchdog watchdog_;
  std::map<std::uint32_t, std::unique_ptr<Worker>> workers_;
};

/// What a program is made from, as a text that changes with it: the definition's checksum and the
/// names, sizes and times of the Lua files in its folders, modules that are required among them.
std::string stampOf(const definition::PluginRef& ref, const definition::ApiSpec& api,
                    const LuaOptions& options);

/// Reads and compiles the API's files.
/// @error kBadPlugin  naming the file
Result<std::shared_ptr<const Program>> compile(const definition::PluginRef& ref,
                                               const definition::ApiSpec& api,
                                               const LuaOptions& options);

}  // namespace tykpp::drivers::lua
