// What may be assigned to which kind of field.

#include <cmath>
#include <limits>

#include "drivers/python/impl/message.hpp"

namespace tykpp::drivers::python {
namespace {

PyObject* wrongType(const char* name, const char* wanted, PyObject* value) {
  PyErr_Format(PyExc_TypeError, "field %s holds %s, not %s", name, wanted, Py_TYPE(value)->tp_name);
  return nullptr;
}

PyObject* checkedText(const char* name, PyObject* value) {
  if (PyUnicode_Check(value)) {
    // Text that cannot be UTF-8 (a lone surrogate) is refused here and not when it is sent.
    if (PyUnicode_AsUTF8AndSize(value, nullptr) == nullptr) return nullptr;
    return Ref::to(value).release();
  }
  if (PyBytes_Check(value)) {
    return PyUnicode_DecodeUTF8(PyBytes_AS_STRING(value), PyBytes_GET_SIZE(value), "strict");
  }
  return wrongType(name, "str", value);
}

PyObject* checkedInteger(const char* name, PyObject* value, long long lowest, long long highest) {
  const Ref number(PyIndex_Check(value) ? PyNumber_Index(value) : nullptr);
  if (!number) {
    return PyErr_Occurred() != nullptr ? nullptr : wrongType(name, "int", value);
  }
  int overflow = 0;
  const long long found = PyLong_AsLongLongAndOverflow(number.get(), &overflow);
  if (overflow != 0 || found < lowest || found > highest) {
    return PyErr_Format(PyExc_ValueError, "field %s: %S is out of range", name, number.get());
  }
  return PyLong_FromLongLong(found);
}

PyObject* checkedDouble(const char* name, PyObject* value) {
  if (PyUnicode_Check(value) || PyBytes_Check(value) || !PyNumber_Check(value)) {
    return wrongType(name, "float", value);
  }
  return PyNumber_Float(value);
}

PyObject* checkedBool(const char* name, PyObject* value) {
  if (!PyIndex_Check(value)) return wrongType(name, "bool", value);
  const int truth = PyObject_IsTrue(value);
  return truth < 0 ? nullptr : PyBool_FromLong(truth);
}

}  // namespace

PyObject* checked(Kind kind, const char* name, PyObject* value) {
  switch (kind) {
    case Kind::kText:
    case Kind::kTextMap:
    case Kind::kTexts:
      return checkedText(name, value);
    case Kind::kBytes:
      return PyBytes_Check(value) ? Ref::to(value).release() : wrongType(name, "bytes", value);
    case Kind::kInt32:
    case Kind::kEnum:
      return checkedInteger(name, value, std::numeric_limits<std::int32_t>::min(),
                            std::numeric_limits<std::int32_t>::max());
    case Kind::kInt64:
      return checkedInteger(name, value, std::numeric_limits<long long>::min(),
                            std::numeric_limits<long long>::max());
    case Kind::kDouble:
    case Kind::kDoubles:
      return checkedDouble(name, value);
    case Kind::kBool:
      return checkedBool(name, value);
    default:
      return wrongType(name, "messages, which are only copied,", value);
  }
}

}  // namespace tykpp::drivers::python
