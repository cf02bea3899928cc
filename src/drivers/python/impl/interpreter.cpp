#include "drivers/python/impl/interpreter.hpp"

#include <cstdlib>
#include <thread>

#include "base/log.hpp"
#include "drivers/python/impl/dispatch.hpp"
#include "drivers/python/impl/host.hpp"
#include "drivers/python/impl/sources.hpp"

#ifndef TYKPP_PYTHON_PREFIX
#define TYKPP_PYTHON_PREFIX "/usr"
#endif

namespace tykpp::drivers::python {
namespace {

constexpr std::chrono::milliseconds kConfigureTime{30'000};
constexpr int kInterrupts = 20;

/// `3.11` of `3.11.2 (main, …)`, to as many places as were asked for.
bool isVersion(std::string_view wanted, std::string_view built_in) {
  return built_in.starts_with(wanted) &&
         (built_in.size() == wanted.size() || built_in[wanted.size()] == '.' ||
          built_in[wanted.size()] == ' ');
}

Result<void> failed(const PyStatus& status) {
  return Error(Errc::kBadPlugin, std::string("Couldn't initialize Python: ") +
                                     (status.err_msg != nullptr ? status.err_msg : "no reason"));
}

std::wstring programName() {
  const std::string name = std::string(TYKPP_PYTHON_PREFIX) + "/bin/python" +
                           std::to_string(PY_MAJOR_VERSION) + "." +
                           std::to_string(PY_MINOR_VERSION);
  return {name.begin(), name.end()};
}

PyStatus fillConfig(PyConfig& config) {
  PyConfig_InitIsolatedConfig(&config);
  config.install_signal_handlers = 0;  // signals are the gateway's
  config.user_site_directory = 1;
  config.write_bytecode = 0;  // plugin folders stay as they are
  PyStatus status = PyConfig_SetString(&config, &config.program_name, programName().c_str());
  if (PyStatus_Exception(status) != 0) return status;
  return Py_InitializeFromConfig(&config);
}

const Source& runtimeSource() {
  for (const Source& source : sources()) {
    if (source.module == "_tykpp_runtime") return source;
  }
  std::abort();  // the build put it there
}

Ref textList(const std::vector<std::string>& texts) {
  Ref list(PyList_New(0));
  for (const std::string& text : texts) {
    const Ref one(PyUnicode_DecodeFSDefault(text.c_str()));
    if (!list || !one || PyList_Append(list.get(), one.get()) != 0) return {};
  }
  return list;
}

/// Makes the module that everything else is done by. With the GIL. @return what went wrong, or
/// empty
std::string makeRuntime(const InterpreterOptions& options) {
  const Source& source = runtimeSource();
  const Ref code(Py_CompileString(source.text.data(), "<tykpp>/_tykpp_runtime.py", Py_file_input));
  const Ref module(code ? PyImport_ExecCodeModule("_tykpp_runtime", code.get()) : nullptr);
  const char* path = std::getenv("PYTHONPATH");
  const Ref folders = textList(options.site_packages);
  const Ref done(module && folders ? PyObject_CallMethod(module.get(), "configure", "sOs",
                                                         options.path_prefix.c_str(), folders.get(),
                                                         path != nullptr ? path : "")
                                   : nullptr);
  if (done) return {};
  const PythonError error = takeErrorWithTraceback();
  return error.line + "\n" + error.traceback;
}

}  // namespace

Interpreter& Interpreter::get() {
  static Interpreter* const interpreter = new Interpreter;  // threads of it never end
  return *interpreter;
}

Result<void> Interpreter::start(const InterpreterOptions& options) {
  if (!started_) {
    started_ = initialise(options);
    if (!*started_) TYKPP_LOG(err, "python", "{}", started_->error().message());
  }
  return *started_;
}

Result<void> Interpreter::initialise(const InterpreterOptions& options) {
  if (!options.version.empty() && !isVersion(options.version, Py_GetVersion())) {
    return Error(Errc::kBadPlugin, "Python version '" + options.version +
                                       "' doesn't exist: this gateway has " +
                                       std::string(Py_GetVersion(), 0, 6));
  }
  PyPreConfig before;
  PyPreConfig_InitIsolatedConfig(&before);
  before.utf8_mode = 1;
#ifdef __SANITIZE_ADDRESS__
  // Every object of Python's is then watched, and none seems lost.
  before.allocator = PYMEM_ALLOCATOR_MALLOC;
#endif
  if (const PyStatus status = Py_PreInitialize(&before); PyStatus_Exception(status) != 0) {
    return failed(status);
  }
  if (PyImport_AppendInittab("_tykpp", &initModule) != 0) {
    return Error(Errc::kBadPlugin, "Couldn't initialize Python: out of memory");
  }
  PyConfig config;
  const PyStatus status = fillConfig(config);
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status) != 0) return failed(status);
  PyEval_SaveThread();
  startLoader();
  return configure(options);
}

Result<void> Interpreter::configure(const InterpreterOptions& options) {
  const auto problem = std::make_shared<std::string>();
  const bool ended = run([problem, options] { *problem = makeRuntime(options); }, kConfigureTime);
  if (!ended) {
    return Error(Errc::kBadPlugin, "Couldn't initialize Python dispatcher: it does not end");
  }
  if (!problem->empty()) {
    return Error(Errc::kBadPlugin, "Couldn't initialize Python dispatcher: " + *problem);
  }
  TYKPP_LOG(info, "python", "Python dispatcher was initialized version={}",
            log::quoted(std::string_view(Py_GetVersion())));
  return {};
}

std::shared_ptr<Interpreter::Job> Interpreter::enqueue(std::function<void()> work) {
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  const std::lock_guard lock(mutex_);
  jobs_.push_back(job);
  changed_.notify_all();
  return job;
}

void Interpreter::later(std::function<void()> job) { enqueue(std::move(job)); }

bool Interpreter::run(std::function<void()> work, std::chrono::milliseconds limit) {
  const std::shared_ptr<Job> job = enqueue(std::move(work));
  {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, limit, [&job] { return job->done; })) return true;
  }
  return finishInterrupted(job);
}

/// The job had its time. Its exception gets it to end; if nothing does, another thread takes over.
bool Interpreter::finishInterrupted(const std::shared_ptr<Job>& job) {
  for (int i = 0; i < kInterrupts; ++i) {
    std::unique_lock lock(mutex_);
    if (job->thread == 0) break;  // it never began
    const unsigned long thread = job->thread;
    lock.unlock();
    // On a thread of its own: a module that holds the GIL for ever must not hold this one too.
    std::thread([thread, job, this] {
      _ts* const state = attachNew();
      bool running = false;
      {
        const std::lock_guard still(mutex_);
        running = !job->done;
      }
      if (running) PyThreadState_SetAsyncExc(thread, timeoutException());
      detachForGood(state);
    }).detach();
    lock.lock();
    if (changed_.wait_for(lock, kInterruptPeriod, [&job] { return job->done; })) return false;
  }
  const std::lock_guard lock(mutex_);
  std::erase(jobs_, job);
  if (!job->done && job->thread != 0) startLoader();
  return false;
}

void Interpreter::startLoader() {
  const unsigned generation = ++generation_;
  std::thread([this, generation] { serve(generation); }).detach();
}

void Interpreter::serve(unsigned generation) {
  _ts* state = attachNew();
  const unsigned long thread = PyThread_get_thread_ident();
  for (;;) {
    PyThreadState* const saved = PyEval_SaveThread();
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !jobs_.empty() || generation != generation_; });
      if (generation == generation_) {
        job = std::move(jobs_.front());
        jobs_.pop_front();
        job->thread = thread;
      }
    }
    PyEval_RestoreThread(saved);
    if (job == nullptr) break;
    job->work();
    job->work = nullptr;
    PyErr_Clear();
    const std::lock_guard lock(mutex_);
    job->done = true;
    PyThreadState_SetAsyncExc(thread, nullptr);  // it was too late
    changed_.notify_all();
  }
  detachForGood(state);
}

_ts* Interpreter::attachNew() {
  PyThreadState* state = PyThreadState_New(PyInterpreterState_Main());
  PyEval_RestoreThread(state);
  return state;
}

void Interpreter::detachForGood(_ts* state) {
  PyThreadState_Clear(state);
  PyThreadState_DeleteCurrent();
}

}  // namespace tykpp::drivers::python
