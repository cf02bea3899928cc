#pragma once
// What every message can do beside having fields.

#include "drivers/python/impl/message.hpp"

namespace tykpp::drivers::python {

/// `MergeFrom`, `SerializeToString` …; lives for ever.
PyMethodDef* messageMethods() noexcept;
/// `str()`: the text form of the protocol.
PyObject* messageText(PyObject* message);
PyObject* compareMessages(PyObject* one, PyObject* other, int how);

}  // namespace tykpp::drivers::python
