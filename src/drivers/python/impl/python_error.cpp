// Python's errors as text.

#include "drivers/python/impl/dispatch.hpp"

namespace tykpp::drivers::python {
namespace {

constexpr std::size_t kMaxLine = 1000;
constexpr std::size_t kMaxTraceback = 16 * 1024;

struct Raised {
  Ref type, value, traceback;
};

/// Takes the error that is set; the value is an instance afterwards.
Raised takeRaised() {
#if PY_VERSION_HEX >= 0x030C0000
  Raised raised;
  raised.value = Ref(PyErr_GetRaisedException());
  if (raised.value) {
    raised.type = Ref::to(reinterpret_cast<PyObject*>(Py_TYPE(raised.value.get())));
    raised.traceback = Ref(PyException_GetTraceback(raised.value.get()));
  }
  return raised;
#else
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  return {Ref(type), Ref(value), Ref(traceback)};
#endif
}

std::string lineOf(const Raised& raised) {
  if (!raised.type) return "the plugin failed without an exception";
  std::string line = reinterpret_cast<PyTypeObject*>(raised.type.get())->tp_name;
  const Ref text(raised.value ? PyObject_Str(raised.value.get()) : nullptr);
  if (text && PyUnicode_Check(text.get())) {
    const Ref bytes(PyUnicode_AsEncodedString(text.get(), "utf-8", "backslashreplace"));
    if (bytes) line += ": " + std::string(bytesOf(bytes.get()));
  }
  PyErr_Clear();
  if (line.size() > kMaxLine) line.resize(kMaxLine);
  return line;
}

std::string tracebackOf(const Raised& raised) {
  const Ref module(PyImport_ImportModule("traceback"));
  const auto orNone = [](const Ref& ref) { return ref ? ref.get() : Py_None; };
  const Ref lines(module ? PyObject_CallMethod(module.get(), "format_exception", "OOO",
                                               orNone(raised.type), orNone(raised.value),
                                               orNone(raised.traceback))
                         : nullptr);
  const Ref nothing(PyUnicode_New(0, 0));
  const Ref joined(lines ? PyUnicode_Join(nothing.get(), lines.get()) : nullptr);
  const Ref bytes(joined ? PyUnicode_AsEncodedString(joined.get(), "utf-8", "backslashreplace")
                         : nullptr);
  PyErr_Clear();
  std::string text(bytes ? bytesOf(bytes.get()) : std::string_view{});
  // The end says what happened.
  if (text.size() > kMaxTraceback) text.erase(0, text.size() - kMaxTraceback);
  return text;
}

}  // namespace

std::string takeError() { return lineOf(takeRaised()); }

PythonError takeErrorWithTraceback() {
  const Raised raised = takeRaised();
  return {lineOf(raised), tracebackOf(raised)};
}

}  // namespace tykpp::drivers::python
