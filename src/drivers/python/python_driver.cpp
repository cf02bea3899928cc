#include "drivers/python/python_driver.hpp"

#include <filesystem>

#include "drivers/python/impl/event_function.hpp"
#include "drivers/python/impl/host.hpp"
#include "drivers/python/impl/interpreter.hpp"
#include "drivers/python/impl/plugin_import.hpp"
#include "drivers/python/impl/pool.hpp"
#include "drivers/python/impl/python_plugin.hpp"

namespace tykpp::drivers::python {
namespace {

constexpr std::chrono::milliseconds kFinishTime{2000};

Error badPlugin(std::string text) { return Error(Errc::kBadPlugin, std::move(text)); }

/// What is left to do at the end of a Python program. With the GIL.
void finishPython() {
  const Ref runtime(PyImport_ImportModule("_tykpp_runtime"));
  const Ref done(runtime ? PyObject_CallMethod(runtime.get(), "finish", nullptr) : nullptr);
  if (!done) PyErr_Clear();
}

}  // namespace

PythonOptions PythonOptions::of(const definition::GatewayConfig& config) {
  PythonOptions options;
  options.enabled = config.plugins.enable_coprocess;
  options.workers = config.plugins.python_workers;
  options.path_prefix = config.plugins.python_path_prefix;
  options.version = config.plugins.python_version;
  options.site_packages = config.plugins.python_site_packages;
  options.event_timeout = config.plugin_timeout;
  options.max_body = static_cast<std::size_t>(config.max_buffered_body_size);
  options.verbatim_names = config.ignore_canonical_mime_header_key;
  return options;
}

PythonDriver::PythonDriver(PythonOptions options, WorkerServices& services)
    : options_(std::move(options)), services_(services) {}

PythonDriver::~PythonDriver() {
  if (pool_ == nullptr) return;
  pool_->stop();
  Interpreter::get().run(&finishPython, kFinishTime);
  Host::get().close(services_);
}

Pool& PythonDriver::pool() {
  if (pool_ == nullptr) {
    PoolLimits limits;
    limits.threads = static_cast<unsigned>(std::max(1, options_.workers));
    const auto post = [](std::uint32_t worker, std::function<void()> fn) {
      Host::get().post(worker, std::move(fn));
    };
    pool_ = &Pool::make(Interpreter::get(), limits, post, &callReturned);
  }
  return *pool_;
}

Result<void> PythonDriver::start() {
  Host::get().open(services_, options_.trigger_event);
  const auto started =
      Interpreter::get().start({options_.path_prefix, options_.version, options_.site_packages});
  if (!started) return badPlugin("Driver 'python' isn't loaded: " + started.error().message());
  return {};
}

Result<std::shared_ptr<const LoadedPlugin>> PythonDriver::load(const definition::PluginRef& ref,
                                                               Hook hook,
                                                               const definition::ApiSpec& api) {
  unloaded_ = true;
  if (hook == Hook::kAnalytics) return badPlugin("Python plugins cannot be analytics hooks");
  if (!options_.enabled) {
    return badPlugin("Python plugins are off: coprocess_options.enable_coprocess is false");
  }
  const PluginPlace place = placeOf(ref, api);
  if (place.file.empty()) {
    return badPlugin("a Python plugin comes from a bundle, or its entry names a file in path");
  }
  if (auto started = start(); !started) return started.error();
  Pool& threads = pool();
  unloaded_ = false;
  auto handler = std::make_shared<Handler>();
  handler->facts = coprocess::Facts::of(ref, api, options_.verbatim_names);
  handler->max_body = options_.max_body;
  handler->label = std::filesystem::path(place.file).filename().string() + ":" + ref.name;
  auto imported = importPlugin(Interpreter::get(), place, api, options_.load_timeout, handler);
  if (!imported) return imported.error();
  return std::shared_ptr<const LoadedPlugin>(
      std::make_shared<PythonLoaded>(std::move(handler), threads, services_));
}

Result<std::shared_ptr<EventFunction>> PythonDriver::findEventFunction(
    const std::string& handler_name, const definition::ApiSpec& api) {
  if (!options_.enabled) {
    return badPlugin("Python plugins are off: coprocess_options.enable_coprocess is false");
  }
  const std::vector<PluginPlace> places = eventPlaces(api);
  if (places.empty())
    return badPlugin("the API has neither a bundle nor a file with a Python hook");
  if (auto started = start(); !started) return started.error();
  if (events_ == nullptr) events_ = std::make_shared<EventLine>(pool(), options_.event_timeout);
  Error last = badPlugin("there is no such file");
  for (const PluginPlace& place : places) {
    definition::PluginRef ref;
    ref.name = handler_name;
    auto handler = std::make_shared<Handler>();
    handler->handles_events = true;
    handler->facts = coprocess::Facts::of(ref, api, options_.verbatim_names);
    handler->label = std::filesystem::path(place.file).filename().string() + ":" + handler_name;
    auto imported = importPlugin(Interpreter::get(), place, api, options_.load_timeout, handler);
    if (imported) {
      return std::shared_ptr<EventFunction>(
          std::make_shared<PythonEventFunction>(std::move(handler), events_));
    }
    last = imported.error();
  }
  return last;
}

Error PythonDriver::brokenAnswer(Hook hook) const {
  if (unloaded_) return PluginDriver::brokenAnswer(hook);
  return coprocess::failure(hook, "the plugin is not loaded", Errc::kBadPlugin);
}

}  // namespace tykpp::drivers::python
