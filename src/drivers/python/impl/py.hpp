#pragma once
// CPython's header, and one owner of a reference. The caller of everything here holds the GIL.

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string>
#include <string_view>
#include <utility>

namespace tykpp::drivers::python {

/// One counted reference to a Python object, or none.
class Ref {
 public:
  Ref() = default;
  /// Takes over a new reference, as most of CPython's functions return.
  explicit Ref(PyObject* fresh) noexcept : object_(fresh) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() { Py_XDECREF(object_); }
  /// Counts one more reference to an object that somebody else owns.
  static Ref to(PyObject* borrowed) noexcept {
    Py_XINCREF(borrowed);
    return Ref(borrowed);
  }
  PyObject* get() const noexcept { return object_; }
  PyObject* release() noexcept { return std::exchange(object_, nullptr); }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

/// A `str`; bytes that are no UTF-8 become U+FFFD.
inline PyObject* newText(std::string_view text) {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
}

inline PyObject* newBytes(std::string_view bytes) {
  return PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size()));
}

/// The text of a `str` that was checked to be UTF-8; empty (and no error set) for anything else.
/// View: as long as the object.
inline std::string_view textOf(PyObject* text) {
  if (text == nullptr || !PyUnicode_Check(text)) return {};
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(text, &size);
  if (data == nullptr) {
    PyErr_Clear();
    return {};
  }
  return {data, static_cast<std::size_t>(size)};
}

/// The content of a `bytes`, empty for anything else. View: as long as the object.
inline std::string_view bytesOf(PyObject* bytes) {
  if (bytes == nullptr || !PyBytes_Check(bytes)) return {};
  return {PyBytes_AS_STRING(bytes), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes))};
}

/// Puts an object into a module; it stays the caller's. PyModule_AddObjectRef is younger than 3.9.
/// @return 0, or -1 with an error set
inline int addObject(PyObject* module, const char* name, PyObject* object) {
  Py_INCREF(object);
  if (PyModule_AddObject(module, name, object) == 0) return 0;
  Py_DECREF(object);
  return -1;
}

/// What a table of methods or of getters wants where a function is meant.
template <class Function>
PyCFunction asMethod(Function* function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

template <class Function>
void* asSlot(Function* function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace tykpp::drivers::python
