#pragma once
// From a call to the Python function and back.

#include <memory>

#include "drivers/python/impl/call.hpp"
#include "drivers/python/impl/handler.hpp"

namespace tykpp::drivers::python {

/// Makes the plugin's objects, calls its function and keeps in the call what counts of the answer,
/// or the error. Thread: one that holds the GIL.
void dispatch(const std::shared_ptr<Call>& call);

/// Makes the type of the `request` argument. @return false with a Python error set
bool addRequestType(PyObject* module);
/// The `request` argument: `object` is the message. @param message  taken over
PyObject* newRequestWrapper(PyObject* message);

/// The Python error that is set, as one line; it is cleared. With the GIL.
std::string takeError();
/// The same, with the traceback.
struct PythonError {
  std::string line;       ///< `ValueError: broken`
  std::string traceback;  ///< several lines
};
PythonError takeErrorWithTraceback();

}  // namespace tykpp::drivers::python
