#pragma once
// A function of a plugin, found at load, with what its calls need to know. Shared by the bound
// plugins of every worker and by the calls under way; the module it comes from is let go with it.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "drivers/coprocess/message.hpp"
#include "drivers/python/impl/py.hpp"

namespace tykpp::drivers::python {

class Interpreter;

struct Handler {
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  /// Thread: any; the Python objects are let go on the interpreter's loader thread.
  ~Handler();

  coprocess::Facts facts;
  std::string label;             // `x.py:Name`, for log lines
  PyObject* function = nullptr;  // owned
  PyObject* lease = nullptr;     // owned: keeps the plugin's modules
  PyObject* spec = nullptr;      // owned: dict of `facts.spec`
  Py_ssize_t parameters = 0;
  bool handles_events = false;
  std::size_t max_body = 0;  // bytes of a body that the plugin makes
  Interpreter* interpreter = nullptr;
  mutable std::atomic<std::int64_t> last_traceback{0};  // steady seconds
};

}  // namespace tykpp::drivers::python
