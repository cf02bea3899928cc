// The module `_tykpp`: the message types, and what `tyk.gateway` calls.

#include <atomic>

#include "base/log.hpp"
#include "drivers/python/impl/dispatch.hpp"
#include "drivers/python/impl/host.hpp"
#include "drivers/python/impl/message.hpp"
#include "drivers/python/impl/sources.hpp"

namespace tykpp::drivers::python {
namespace {

constexpr std::size_t kMaxLogLine = 16 * 1024;
constexpr const char* kStoragePrefix = "coprocess-data:";
PyObject* timeout_exception = nullptr;

/// Lets other Python threads run while this one waits.
template <class Function>
auto withoutGil(const Function& function) {
  PyThreadState* state = PyEval_SaveThread();
  auto result = function();
  PyEval_RestoreThread(state);
  return result;
}

spdlog::level::level_enum levelOf(std::string_view name) {
  if (name == "debug") return spdlog::level::debug;
  if (name == "error") return spdlog::level::err;
  if (name == "warning") return spdlog::level::warn;
  return spdlog::level::info;
}

PyObject* logLine(PyObject*, PyObject* args) {
  const char* level = nullptr;
  const char* text = nullptr;
  Py_ssize_t size = 0;
  if (!PyArg_ParseTuple(args, "ss#", &level, &text, &size)) return nullptr;
  if (!Host::get().isOpen()) Py_RETURN_NONE;
  const std::string_view line(text, std::min(static_cast<std::size_t>(size), kMaxLogLine));
  auto& logger = log::room("python");
  const spdlog::level::level_enum found = levelOf(level);
  if (logger.should_log(found)) logger.log(found, "{}", line);
  Py_RETURN_NONE;
}

PyObject* storeData(PyObject*, PyObject* args) {
  const char* key = nullptr;
  Py_ssize_t key_size = 0;
  Py_buffer value;
  long long ttl = 0;
  if (!PyArg_ParseTuple(args, "s#s*L", &key, &key_size, &value, &ttl)) return nullptr;
  std::string name = kStoragePrefix + std::string(key, static_cast<std::size_t>(key_size));
  std::string content(static_cast<const char*>(value.buf), static_cast<std::size_t>(value.len));
  PyBuffer_Release(&value);
  const auto stored = withoutGil([&] {
    return Host::get().store(std::move(name), std::move(content),
                             std::chrono::seconds(std::max(0LL, ttl)));
  });
  if (!stored) TYKPP_LOG(err, "python", "could not set key: {}", stored.error().message());
  Py_RETURN_NONE;
}

PyObject* getData(PyObject*, PyObject* args) {
  const char* key = nullptr;
  Py_ssize_t size = 0;
  if (!PyArg_ParseTuple(args, "s#", &key, &size)) return nullptr;
  std::string name = kStoragePrefix + std::string(key, static_cast<std::size_t>(size));
  const auto found = withoutGil([&] { return Host::get().load(std::move(name)); });
  if (found) return newBytes(*found);
  TYKPP_LOG(err, "python", "could not get key: {}", found.error().message());
  return newBytes({});
}

PyObject* triggerEvent(PyObject*, PyObject* args) {
  const char* name = nullptr;
  const char* payload = nullptr;
  if (!PyArg_ParseTuple(args, "ss", &name, &payload)) return nullptr;
  static std::atomic<bool> said{false};
  if (!Host::get().trigger(name, payload) && !said.exchange(true)) {
    TYKPP_LOG(warn, "python",
              "trigger_event: this gateway has no event handlers; events are dropped");
  }
  Py_RETURN_NONE;
}

PyObject* listSources(PyObject*, PyObject*) {
  Ref list(PyList_New(0));
  for (const Source& source : sources()) {
    const Ref name(newText(source.module));
    const Ref text(newText(source.text));
    const Ref pair(list && name && text ? PyTuple_Pack(2, name.get(), text.get()) : nullptr);
    if (!pair || PyList_Append(list.get(), pair.get()) != 0) return nullptr;
  }
  return list.release();
}

constexpr const char* kKindNames[] = {"text",  "bytes",   "int32",   "int64",    "double",
                                      "bool",  "enum",    "message", "text_map", "message_map",
                                      "texts", "doubles", "messages"};

PyObject* fieldsOf(const Descriptor& descriptor) {
  Ref fields(PyList_New(0));
  for (std::size_t i = 0; fields && i < descriptor.count; ++i) {
    const Field& field = descriptor.fields[i];
    const bool holds_messages = field.kind == Kind::kMessage || field.kind == Kind::kMessageMap ||
                                field.kind == Kind::kMessages;
    const Ref row(Py_BuildValue("sIsz", field.name, field.number,
                                kKindNames[static_cast<std::size_t>(field.kind)],
                                holds_messages ? descriptorOf(field.type).name : nullptr));
    if (!row || PyList_Append(fields.get(), row.get()) != 0) return nullptr;
  }
  return fields.release();
}

/// name -> [(field, number, kind, message or None)]
PyObject* messageTable(PyObject*, PyObject*) {
  Ref table(PyDict_New());
  for (std::size_t i = 0; table && i < kTypes; ++i) {
    const Descriptor& descriptor = descriptorOf(static_cast<Type>(i));
    const Ref fields(fieldsOf(descriptor));
    if (!fields || PyDict_SetItemString(table.get(), descriptor.name, fields.get()) != 0) {
      return nullptr;
    }
  }
  return table.release();
}

PyMethodDef kMethods[] = {
    {"log", &logLine, METH_VARARGS, nullptr},
    {"store_data", &storeData, METH_VARARGS, nullptr},
    {"get_data", &getData, METH_VARARGS, nullptr},
    {"trigger_event", &triggerEvent, METH_VARARGS, nullptr},
    {"sources", &listSources, METH_NOARGS, nullptr},
    {"table", &messageTable, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef kModule = {
    PyModuleDef_HEAD_INIT, "_tykpp", nullptr, -1, kMethods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyObject* timeoutException() noexcept { return timeout_exception; }

PyObject* initModule() {
  Ref module(PyModule_Create(&kModule));
  if (!module) return nullptr;
  timeout_exception =
      PyErr_NewExceptionWithDoc("tyk.HookTimeout", "The hook's time is up; nobody waits for it.",
                                PyExc_BaseException, nullptr);
  if (timeout_exception == nullptr ||
      addObject(module.get(), "HookTimeout", timeout_exception) != 0 ||
      !addContainerTypes(module.get()) || !addMessageTypes(module.get()) ||
      !addRequestType(module.get())) {
    return nullptr;
  }
  return module.release();
}

}  // namespace tykpp::drivers::python
